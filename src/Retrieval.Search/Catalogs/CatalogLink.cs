namespace Retrieval.Search.Catalogs;

/// <summary>
/// Whether the catalog is worth asking: a circuit breaker. After a failure nobody who has something else to answer with
/// waits for it, until whoever probes it (the follower's look) has had an answer to a question asked since.
/// </summary>
public sealed class CatalogLink(TimeProvider time)
{
    private readonly Lock _gate = new();
    private long _failures;
    private bool _down;
    private bool _known;
    private long? _lastAnswer;

    /// <summary>Whether a query may wait for it: it answered last time, or was never asked.</summary>
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

    /// <summary>Whether it answered the last question.</summary>
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

    /// <summary>Time since a probe was answered last; null if none ever was.</summary>
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

    /// <summary>A probe is about to be sent; hand what it gives to <see cref="Answered"/>.</summary>
    public long Probe()
    {
        lock (_gate)
        {
            return _failures;
        }
    }

    /// <summary>The probe was answered. What failed since it was sent still counts.</summary>
    public void Answered(long probe)
    {
        lock (_gate)
        {
            _lastAnswer = time.GetTimestamp();
            _known = true;
            _down = _failures != probe;
        }
    }

    /// <summary>It did not answer, or not in time.</summary>
    /// <returns>Whether that is news.</returns>
    public bool Failed()
    {
        lock (_gate)
        {
            var news = !_down || !_known;
            _failures++;
            _down = _known = true;
            return news;
        }
    }
}
