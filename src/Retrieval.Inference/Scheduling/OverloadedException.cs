using System.Globalization;
using Retrieval.Domain.Errors;

namespace Retrieval.Inference.Scheduling;

/// <summary>As much work is waiting for the device as may wait. Nothing has been done for the request.</summary>
public sealed class OverloadedException(long waiting, long most, TimeSpan retryAfter)
    : RetrievalException(string.Create(CultureInfo.InvariantCulture, $"the device has {waiting} pairs' worth of work before it; at most {most} may wait"))
{
    /// <summary>About how long the work that waits will take.</summary>
    public TimeSpan RetryAfter { get; } = retryAfter;
}
