namespace Retrieval.Bench.Load;

/// <summary>A request and its outcome.</summary>
/// <param name="Kind">Kind of outcome.</param>
/// <param name="Status">The HTTP status; 0 if there was none.</param>
/// <param name="Fault">Kind of failure, if it failed; one of a few words, never a message.</param>
/// <param name="Degraded">Why the answer was less than the request asked for; null if it was not.</param>
/// <param name="RetryAfter">How long the server asked to wait; null if it did not.</param>
/// <param name="Stages">Milliseconds of each stage, from the server's own <c>Server-Timing</c>.</param>
internal sealed record Exchange(
    ExchangeKind Kind,
    int Status = 0,
    string? Fault = null,
    string? Degraded = null,
    TimeSpan? RetryAfter = null,
    IReadOnlyList<KeyValuePair<string, double>>? Stages = null);
