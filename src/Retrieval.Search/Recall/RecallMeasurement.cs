namespace Retrieval.Search.Recall;

/// <summary>How one query's shortlist compares with a longer one, or with everything.</summary>
/// <param name="Kind">One of <see cref="Telemetry.QueryKinds"/>.</param>
/// <param name="Reference">What it was compared with: one of <see cref="RecallReferences"/>.</param>
/// <param name="Recall">Share of the reference's ten best that the shortlist has, 0 to 1.</param>
/// <param name="SameFirst">Whether the first hit is the reference's best.</param>
/// <param name="Pairs">Pairs that were scored for it.</param>
/// <param name="Computing">Time the device computed for it.</param>
public sealed record RecallMeasurement(string Kind, string Reference, double Recall, bool SameFirst, int Pairs, TimeSpan Computing);
