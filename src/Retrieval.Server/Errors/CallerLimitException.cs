using System.Globalization;
using Retrieval.Domain.Errors;

namespace Retrieval.Server.Errors;

/// <summary>A caller asks for more than it may. Nothing has been done for the request.</summary>
/// <param name="what">What is limited, in the singular.</param>
/// <param name="rate">How many of it a second.</param>
/// <param name="retryAfter">When the same request may be answered.</param>
internal sealed class CallerLimitException(string what, double rate, TimeSpan retryAfter)
    : RetrievalException(string.Create(CultureInfo.InvariantCulture, $"this caller may take {rate:0.############} {what}{(rate == 1 ? "" : "s")} a second; try again after the time in Retry-After"))
{
    public TimeSpan RetryAfter { get; } = retryAfter;
}
