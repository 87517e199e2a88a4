export * from '../../compiler/6-build/size.js';
