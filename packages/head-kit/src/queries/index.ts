export { referencePoints, sineEmbedding } from './placed-queries.ts';
