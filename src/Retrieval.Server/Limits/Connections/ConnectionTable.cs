namespace Retrieval.Server.Limits.Connections;

/// <summary>
/// Counts the open connections of all listeners against the bound. When it is reached, the connection that has waited longest
/// for its client (idle between requests, or with incomplete headers) is closed for the new one. When all are busy, a few more
/// are accepted that may only ask for health, so that probes are still answered. Beyond those no connection is accepted until
/// one closes: the number of sockets is bounded at all times.
/// </summary>
/// <param name="most">The bound.</param>
/// <param name="longestUnread">Time from which a connection gives way too whose last answer its client has not read.</param>
/// <param name="time">The clock.</param>
/// <param name="metrics">Counts.</param>
internal sealed class ConnectionTable(int most, TimeSpan longestUnread, TimeProvider time, ConnectionMetrics metrics)
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
    public void Add(ConnectionPermit permit)
    {
        ConnectionPermit? closed = null;
        lock (_gate)
        {
            _open++;
            closed = Enter(permit);
            Wait(permit);
        }

        Close(closed);
    }

    /// <summary>A request of the connection begins.</summary>
    /// <returns>Whether it may ask for anything; otherwise only for health.</returns>
    public bool Begin(ConnectionPermit permit)
    {
        ConnectionPermit? closed = null;
        bool any;
        lock (_gate)
        {
            permit.Busy = true;
            _atWork++;
            StopWaiting(permit);
            if (permit is { HealthOnly: true, Leaving: false })
            {
                closed = Enter(permit);
            }

            any = !permit.HealthOnly;
        }

        Close(closed);
        if (!any)
        {
            metrics.Confined();
        }

        return any;
    }

    /// <summary>The request has been answered; the connection waits for the next.</summary>
    public void End(ConnectionPermit permit)
    {
        lock (_gate)
        {
            permit.Busy = false;
            _atWork--;
            if (!permit.Leaving)
            {
                Wait(permit);
                Changed();
            }
        }
    }

    /// <summary>The connection is closed and its socket is free.</summary>
    public void Remove(ConnectionPermit permit)
    {
        lock (_gate)
        {
            StopWaiting(permit);
            _open--;
            if (permit.Leaving)
            {
                _leaving--;
            }
            else if (!permit.HealthOnly)
            {
                _ordinary--;
            }

            // From now on it belongs to no list: a request that ends late must not add it again.
            permit.Leaving = true;
            Changed();
        }
    }

    /// <summary>Closes some of the connections that wait for their client, because descriptors have run out.</summary>
    public void MakeRoom() => CloseWaiting(SpareDescriptors);

    /// <summary>Closes all connections that wait for their client, because no one will answer them.</summary>
    public void CloseWaiting() => CloseWaiting(int.MaxValue);

    // Takes one of the permits below the bound, another connection's if necessary; returns the connection to close for it.
    private ConnectionPermit? Enter(ConnectionPermit permit)
    {
        var closed = _ordinary >= most ? Displace(healthToo: false) : null;
        permit.HealthOnly = _ordinary >= most;
        if (!permit.HealthOnly)
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
            while (closed.Count < count && Displace(healthToo: true) is { } permit)
            {
                closed.Add(permit);
            }
        }

        closed.ForEach(Close);
    }

    private void Wait(ConnectionPermit permit)
    {
        permit.WaitingSince = time.GetTimestamp();
        permit.Waiting = _waiting.AddLast(permit);
    }

    private ConnectionPermit? Displace(bool healthToo) =>
        Displace(healthToo, permit => permit.IsQuiet()) ?? Displace(healthToo, permit => time.GetElapsedTime(permit.WaitingSince) >= longestUnread);

    private ConnectionPermit? Displace(bool healthToo, Func<ConnectionPermit, bool> mayGo)
    {
        for (var node = _waiting.First; node is not null; node = node.Next)
        {
            var permit = node.Value;
            if ((permit.HealthOnly && !healthToo) || !mayGo(permit))
            {
                continue;
            }

            StopWaiting(permit);
            permit.Leaving = true;
            _leaving++;
            if (!permit.HealthOnly)
            {
                _ordinary--;
            }

            return permit;
        }

        return null;
    }

    private void StopWaiting(ConnectionPermit permit)
    {
        if (permit.Waiting is { } node)
        {
            _waiting.Remove(node);
            permit.Waiting = null;
        }
    }

    private void Changed()
    {
        _changed.SetResult();
        _changed = NewChange();
    }

    private void Close(ConnectionPermit? permit)
    {
        if (permit is not null)
        {
            metrics.Displaced();
            permit.Close();
        }
    }

    private static TaskCompletionSource NewChange() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
