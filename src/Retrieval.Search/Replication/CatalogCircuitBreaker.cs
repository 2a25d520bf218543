namespace Retrieval.Search.Replication;

/// <summary>
/// Whether the catalog is worth asking: a circuit breaker. Once it did not answer, nobody who has something else to answer
/// with waits for it, until whoever probes it (the follower's look) has had an answer to a question asked since. A query
/// that took too long proves little, since it may have been a hard one: several of them in a row do.
/// </summary>
public sealed class CatalogCircuitBreaker(TimeProvider time)
{
    /// <summary>So many queries in a row that came late, without any answer between, are a failure.</summary>
    public const int MostLate = 3;

    private readonly Lock _gate = new();
    private long _failures;
    private int _late;
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

    /// <summary>Whether a query came late and nothing was answered since: worth a probe.</summary>
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
            _late = 0;
        }
    }

    /// <summary>A query was answered, whatever the answer. What is down stays so until a probe is answered.</summary>
    public void InTime()
    {
        lock (_gate)
        {
            _late = 0;
        }
    }

    /// <summary>A query had all the time a query may have, and no answer.</summary>
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

    /// <summary>It cannot be reached, or broke off.</summary>
    /// <returns>Whether that is news.</returns>
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
