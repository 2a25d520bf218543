/**
 * What the service's answers hold, as docs/http-api.md describes it.
 *
 * @typedef {{ title: string, status: number, detail: string, field?: string, reasons?: string[], traceId?: string }} Problem
 *
 * @typedef {{ id: string, rank: number, score: number | null, scoreRank: number | null, coarse: { score: number, rank: number },
 *   rankingScore: number | null, metadata: Record<string, string | number | boolean> | null, imageId?: string, caption?: string }} Hit
 * @typedef {{ tokens: string[], unknownTokens: string[], truncated: boolean }} ReadCaption
 * @typedef {{ hits: Hit[], query: ReadCaption | null, shortlisted: number, reranked: number, degraded: string | null,
 *   model: string, index: string | null, indexEpoch: number }} SearchAnswer
 *
 * @typedef {{ id: string, captions: number, metadata: Record<string, string | number | boolean> | null }} ListedImage
 * @typedef {{ images: ListedImage[], next: string | null, degraded: string | null, indexEpoch: number }} ImageList
 * @typedef {{ id: string, captions: { id: string, text: string }[], metadata: Record<string, string | number | boolean> | null, boxes: number[][] | null, indexEpoch: number }} StoredImage
 *
 * @typedef {{ name: string, title: string, kind: string, axes: string[], shape: number[], distribution: string | null,
 *   distributionAxis: number | null, values: number[] }} Output
 * @typedef {{ image: { id: string | null, boxes: number[][] | null, size: { width: number, height: number } | null },
 *   caption: { id: string | null, text: string, tokens: string[], unknownTokens: string[], truncated: boolean },
 *   score: number, coarse: { score: number }, rankingScores: Record<string, number> | null, outputs: Output[],
 *   degraded: string | null, model: string, index: string | null, indexEpoch: number }} Explanation
 *
 * @typedef {{ name: string, images: number | null, captions: number | null, epoch: number | null, notReady: string | null }} FurtherIndex
 *
 * @typedef {{ model: string, name: string, fingerprint: string, system: string, form: string, profile: string, precision: string,
 *   provider: string, device: { name: string, reason: string, memoryBytes: number | null }, pairsPerCall: number,
 *   regions: { count: number, width: number }, maxTokens: number, embeddingWidth: number,
 *   ranking: object | null, defaultShortlist: { textToImage: number, imageToText: number }, explainer: boolean, pictures: boolean, pictureTemplate: string | null,
 *   index: { images: number, captions: number, epoch: number, manifestDamaged: boolean }, further: FurtherIndex[], shortlist: string,
 *   catalog: { index: string | null, epoch: number, lag: number, reachable: boolean, refusal: string | null } | null,
 *   parity: Record<string, number | boolean | null> }} Model
 *
 * @typedef {{ id: string, state: string, message: string | null, index: string | null, source: string, worker: string,
 *   cancelRequested: boolean, nextRow: number, uncommitted: number, totalRows: number | null, stored: number, replaced: number,
 *   skipped: number, rejected: number, captions: number, rowsPerSecond: number | null, remainingSeconds: number | null,
 *   startedAt: string, updatedAt: string, endedAt: string | null,
 *   firstRejects: { source: string, row: number, id: string | null, reason: string }[] }} Ingestion
 *
 * @typedef {{ status: string, model?: string, indexEpoch?: number, note?: string | null }} Health
 * @typedef {{ name: string | null, model: string, epoch: number, active: boolean, served: boolean, incomplete: string | null }} StoredIndex
 */
export {};
