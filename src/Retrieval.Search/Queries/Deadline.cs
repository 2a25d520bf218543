namespace Retrieval.Search.Queries;

/// <summary>When a request must have been answered: a moment, worked out once when the request has come, so that no wait on the way is forgotten.</summary>
/// <param name="EndsAt">Timestamp of the process's <see cref="TimeProvider"/>.</param>
/// <param name="AskedMs">The time the caller gave for the whole request, in milliseconds.</param>
public readonly record struct Deadline(long EndsAt, int AskedMs)
{
    /// <summary>The deadline of a request.</summary>
    /// <param name="askedMs">The time the caller gives, in milliseconds; null for none.</param>
    /// <param name="since">Timestamp it counts from.</param>
    /// <param name="time">Gave the timestamp.</param>
    /// <returns>Null where the caller gives no deadline.</returns>
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
