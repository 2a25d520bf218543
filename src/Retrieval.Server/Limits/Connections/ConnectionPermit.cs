using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;

namespace Retrieval.Server.Limits.Connections;

/// <summary>One open connection, as counted by <see cref="ConnectionTable"/>. A feature of the connection and of its requests.</summary>
internal sealed class ConnectionPermit(ConnectionContext connection, Socket? socket)
{
    private volatile bool _busy;

    /// <summary>
    /// Its node in the list of connections that wait for their client; null while a request is handled. Under the table's lock.
    /// </summary>
    public LinkedListNode<ConnectionPermit>? Waiting { get; set; }

    /// <summary>When it began to wait, by the table's clock. Under the table's lock.</summary>
    public long WaitingSince { get; set; }

    /// <summary>Exceeds the bound: may only ask for health. Under the table's lock.</summary>
    public bool HealthOnly { get; set; }

    /// <summary>Is being closed to make room. Under the table's lock.</summary>
    public bool Leaving { get; set; }

    /// <summary>Whether a request of this connection is in the pipeline.</summary>
    public bool Busy
    {
        get => _busy;
        set
        {
            _busy = value;
            Requests += value ? 1 : 0;
        }
    }

    /// <summary>How many requests of this connection have been in the pipeline.</summary>
    public int Requests { get; private set; }

    /// <summary>Name of the connection in the log.</summary>
    public string Id => connection.ConnectionId;

    /// <summary>Whether nothing is in transit: no unread bytes have arrived, and the last answer has been sent.</summary>
    public bool IsQuiet()
    {
        try
        {
            return socket is null || (socket.Available == 0 && socket.Poll(0, SelectMode.SelectWrite));
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            // Already broken or closed: nothing is lost.
            return true;
        }
    }

    /// <summary>Closes the connection.</summary>
    public void Close() => connection.Abort(new ConnectionAbortedException("Closed to make room for another connection"));
}
