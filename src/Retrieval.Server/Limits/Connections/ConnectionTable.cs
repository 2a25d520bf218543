namespace Retrieval.Server.Limits.Connections;

/// <summary>
/// Counts the open connections of all listeners against the bound. When it is reached, the connection that has waited longest
/// for its client (idle between requests, or with incomplete headers) is closed for the new one. When all are busy, a few more
/// are accepted that may only ask for health, so that probes are still answered. Beyond those no connection is accepted until
/// one closes: the number of sockets is bounded at all times.
/// </summary>
internal sealed class ConnectionTable(int most, ConnectionMetrics metrics)
{
    /// <summary>Connections above the bound, for health only.</summary>
    public const int HealthPermits = 16;

    // The runtime needs two to start a thread, and terminates the process if it has none.
    private const int SpareDescriptors = 8;

    private readonly Lock _gate = new();
    private readonly LinkedList<ConnectionPermit> _waiting = new();
    private TaskCompletionSource _changed = NewChange();
    private int _open;
    private int _ordinary;
    private int _leaving;
    private int _atWork;

    /// <summary>The bound in force.</summary>
    public int Most => most;

    /// <summary>Sockets that are open.</summary>
    public int Open => Volatile.Read(ref _open);

    /// <summary>Connections with a request in progress.</summary>
    public int AtWork
    {
        get
        {
            lock (_gate)
            {
                return _atWork;
            }
        }
    }

    /// <summary>Waits until another connection may be accepted, and closes a waiting one if necessary.</summary>
    public async Task RoomAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            Task changed;
            ConnectionPermit? closed = null;
            lock (_gate)
            {
                if (_open < most + HealthPermits)
                {
                    return;
                }

                if (_open - _leaving >= most + HealthPermits)
                {
                    closed = Displace(healthToo: true);
                }

                changed = _changed.Task;
            }

            Close(closed);
            await changed.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Counts an accepted connection.</summary>
    public void Add(ConnectionPermit place)
    {
        ConnectionPermit? closed = null;
        lock (_gate)
        {
            _open++;
            closed = Enter(place);
            place.Waiting = _waiting.AddLast(place);
        }

        Close(closed);
    }

    /// <summary>A request of the connection begins.</summary>
    /// <returns>Whether it may ask for anything; otherwise only for health.</returns>
    public bool Begin(ConnectionPermit place)
    {
        ConnectionPermit? closed = null;
        bool any;
        lock (_gate)
        {
            place.Busy = true;
            _atWork++;
            StopWaiting(place);
            if (place is { HealthOnly: true, Leaving: false })
            {
                closed = Enter(place);
            }

            any = !place.HealthOnly;
        }

        Close(closed);
        if (!any)
        {
            metrics.Confined();
        }

        return any;
    }

    /// <summary>The request has been answered; the connection waits for the next.</summary>
    public void End(ConnectionPermit place)
    {
        lock (_gate)
        {
            place.Busy = false;
            _atWork--;
            if (!place.Leaving)
            {
                place.Waiting = _waiting.AddLast(place);
                Changed();
            }
        }
    }

    /// <summary>The connection is closed and its socket is free.</summary>
    public void Remove(ConnectionPermit place)
    {
        lock (_gate)
        {
            StopWaiting(place);
            _open--;
            if (place.Leaving)
            {
                _leaving--;
            }
            else if (!place.HealthOnly)
            {
                _ordinary--;
            }

            // From now on it belongs to no list: a request that ends late must not add it again.
            place.Leaving = true;
            Changed();
        }
    }

    /// <summary>Closes some of the connections that wait for their client, because descriptors have run out.</summary>
    public void MakeRoom() => CloseWaiting(SpareDescriptors);

    /// <summary>Closes all connections that wait for their client, because no one will answer them.</summary>
    public void CloseWaiting() => CloseWaiting(int.MaxValue);

    // Takes one of the permits below the bound, another connection's if necessary; returns the connection to close for it.
    private ConnectionPermit? Enter(ConnectionPermit place)
    {
        var closed = _ordinary >= most ? Displace(healthToo: false) : null;
        place.HealthOnly = _ordinary >= most;
        if (!place.HealthOnly)
        {
            _ordinary++;
        }

        return closed;
    }

    private void CloseWaiting(int count)
    {
        var closed = new List<ConnectionPermit>();
        lock (_gate)
        {
            while (closed.Count < count && Displace(healthToo: true) is { } place)
            {
                closed.Add(place);
            }
        }

        closed.ForEach(Close);
    }

    private ConnectionPermit? Displace(bool healthToo)
    {
        for (var node = _waiting.First; node is not null; node = node.Next)
        {
            var place = node.Value;
            if ((place.HealthOnly && !healthToo) || !place.IsQuiet())
            {
                continue;
            }

            StopWaiting(place);
            place.Leaving = true;
            _leaving++;
            if (!place.HealthOnly)
            {
                _ordinary--;
            }

            return place;
        }

        return null;
    }

    private void StopWaiting(ConnectionPermit place)
    {
        if (place.Waiting is { } node)
        {
            _waiting.Remove(node);
            place.Waiting = null;
        }
    }

    private void Changed()
    {
        _changed.SetResult();
        _changed = NewChange();
    }

    private void Close(ConnectionPermit? place)
    {
        if (place is not null)
        {
            metrics.Displaced();
            place.Close();
        }
    }

    private static TaskCompletionSource NewChange() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
