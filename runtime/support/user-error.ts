export * from '../../compiler/user-error.js';
