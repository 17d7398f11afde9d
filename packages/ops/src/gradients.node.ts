// Bundled whole at build time: the file's extensionless imports cannot be resolved by Node.
// The registry it fills lives on globalThis and is shared with the installed tfjs-core.
import '@tensorflow/tfjs-core/dist/register_all_gradients.js';
