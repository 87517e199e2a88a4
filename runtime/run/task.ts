export * from '../../compiler/task.js';
