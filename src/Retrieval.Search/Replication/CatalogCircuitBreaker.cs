namespace Retrieval.Search.Replication;

/// <summary>
/// A circuit breaker that says whether to ask the catalog. After a failure, no caller with an alternative waits for the
/// catalog until a probe sent after the failure (the follower's poll, for example) is answered. A single query that took too
/// long proves little, since it may have been a hard one; several in a row count as a failure.
/// </summary>
public sealed class CatalogCircuitBreaker(TimeProvider time)
{
    /// <summary>This many late queries in a row, without any answer in between, count as a failure.</summary>
    public const int MostLate = 3;

    private readonly Lock _gate = new();
    private long _failures;
    private int _late;
    private bool _down;
    private bool _known;
    private long? _lastAnswer;

    /// <summary>Whether a query may wait for the catalog: it answered last time, or was never asked.</summary>
    public bool MayAsk
    {
        get
        {
            lock (_gate)
            {
                return !_down;
            }
        }
    }

    /// <summary>Whether the catalog answered last time.</summary>
    public bool IsUp
    {
        get
        {
            lock (_gate)
            {
                return _known && !_down;
            }
        }
    }

    /// <summary>Whether a query was late and nothing has been answered since, so that a probe is worthwhile.</summary>
    public bool IsDoubtful
    {
        get
        {
            lock (_gate)
            {
                return !_down && _late > 0;
            }
        }
    }

    /// <summary>Time since the last answered probe; null if none was ever answered.</summary>
    public TimeSpan? SinceAnswer
    {
        get
        {
            lock (_gate)
            {
                return _lastAnswer is { } at ? time.GetElapsedTime(at) : null;
            }
        }
    }

    /// <summary>Call before sending a probe; pass the returned value to <see cref="Answered"/>.</summary>
    public long Probe()
    {
        lock (_gate)
        {
            return _failures;
        }
    }

    /// <summary>The probe was answered. A failure since it was sent still counts.</summary>
    public void Answered(long probe)
    {
        lock (_gate)
        {
            _lastAnswer = time.GetTimestamp();
            _known = true;
            _down = _failures != probe;
            _late = 0;
        }
    }

    /// <summary>A query was answered, whatever the answer. A breaker that is open stays open until a probe is answered.</summary>
    public void InTime()
    {
        lock (_gate)
        {
            _late = 0;
        }
    }

    /// <summary>A query used the full time allowed for a query and got no answer.</summary>
    public void Late()
    {
        lock (_gate)
        {
            if (!_down && ++_late >= MostLate)
            {
                _failures++;
                _down = _known = true;
                _late = 0;
            }
        }
    }

    /// <summary>The catalog cannot be reached, or broke the connection.</summary>
    /// <returns>Whether this changes the state.</returns>
    public bool Failed()
    {
        lock (_gate)
        {
            var news = !_down || !_known;
            _failures++;
            _down = _known = true;
            _late = 0;
            return news;
        }
    }
}
