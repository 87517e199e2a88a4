export * from '../../compiler/random.js';
