namespace Retrieval.Search.Queries;

/// <summary>
/// When a request must be answered: a point in time, computed once when the request arrives, so that every later wait counts.
/// </summary>
/// <param name="EndsAt">Timestamp of the process's <see cref="TimeProvider"/>.</param>
/// <param name="AskedMs">The caller's time limit for the whole request, in milliseconds.</param>
public readonly record struct Deadline(long EndsAt, int AskedMs)
{
    /// <summary>The deadline of a request.</summary>
    /// <param name="askedMs">The caller's time limit, in milliseconds; null for none.</param>
    /// <param name="since">Timestamp it counts from.</param>
    /// <param name="time">Source of the timestamp.</param>
    /// <returns>Null if the caller gives no deadline.</returns>
    public static Deadline? Of(int? askedMs, long since, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(time);
        return askedMs is { } ms ? new Deadline(since + (long)(ms / 1000.0 * time.TimestampFrequency), ms) : null;
    }

    /// <summary>The time that is left; zero when it has passed.</summary>
    /// <param name="time">The process's clock.</param>
    public TimeSpan Left(TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(time);
        var left = time.GetElapsedTime(time.GetTimestamp(), EndsAt);
        return left > TimeSpan.Zero ? left : TimeSpan.Zero;
    }
}
