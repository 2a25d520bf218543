using Retrieval.Domain.Bundles;
using Retrieval.Search.Snapshots;

namespace Retrieval.Search.Queries;

/// <summary>
/// An answered query whose shortlist is to be compared with a far longer one. It holds no text: a caption is held as its token
/// ids, for as long as it waits to be measured.
/// </summary>
/// <param name="Snapshot">What was searched. Not leased: a snapshot that has been replaced is let go of, and its query is not measured.</param>
/// <param name="TokenIds">The caption's token ids; null for an image query.</param>
/// <param name="ImageSlot">Slot of the query image; null for a caption query.</param>
/// <param name="Ranking">What its hits were ordered by.</param>
/// <param name="Shortlist">Slots of the candidates that were reranked.</param>
/// <param name="First">Slot of the first hit.</param>
public sealed record SampledQuery(SearchSnapshot Snapshot, long[]? TokenIds, long? ImageSlot, DirectionRanking Ranking, long[] Shortlist, long First);
