namespace Retrieval.Bench.Load;

/// <summary>A request and what came of it.</summary>
/// <param name="Kind">What became of it.</param>
/// <param name="Status">The status; 0 where there was none.</param>
/// <param name="Fault">Of a failure, its kind; one of a few words, never a message.</param>
/// <param name="Degraded">Why the answer was less than asked for; null if it was not.</param>
/// <param name="RetryAfter">What the server asked to wait; null if it did not.</param>
/// <param name="Stages">Milliseconds of each stage, as the server's own <c>Server-Timing</c> has them.</param>
internal sealed record Exchange(
    ExchangeKind Kind,
    int Status = 0,
    string? Fault = null,
    string? Degraded = null,
    TimeSpan? RetryAfter = null,
    IReadOnlyList<KeyValuePair<string, double>>? Stages = null);
