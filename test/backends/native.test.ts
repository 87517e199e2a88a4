import { suiteOf } from './suite.js';

suiteOf('native');
