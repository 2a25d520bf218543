using Retrieval.Search.Telemetry;

namespace Retrieval.Search.Explaining;

/// <summary>An explained pair. Everything in it was copied: no stored data is read for it after that.</summary>
/// <param name="Explanation">The explanation.</param>
/// <param name="Stages">Time each stage took.</param>
public sealed record ExplainAnswer(PairExplanation Explanation, IReadOnlyList<StageTime> Stages);
