import { suiteOf } from './suite.js';

suiteOf('tfjs');
