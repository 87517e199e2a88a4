export * from '../../compiler/6-build/initialize.js';
