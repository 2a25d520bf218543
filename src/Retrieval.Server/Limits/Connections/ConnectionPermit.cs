using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;

namespace Retrieval.Server.Limits.Connections;

/// <summary>One open connection as <see cref="ConnectionTable"/> counts it. A feature of the connection and of its requests.</summary>
internal sealed class ConnectionPermit(ConnectionContext connection, Socket? socket)
{
    private volatile bool _busy;

    /// <summary>Its place among those that wait for their client; null while a request is worked on. Under the table's lock.</summary>
    public LinkedListNode<ConnectionPermit>? Waiting { get; set; }

    /// <summary>Above the bound: may ask for health only. Under the table's lock.</summary>
    public bool HealthOnly { get; set; }

    /// <summary>Is being closed to make room. Under the table's lock.</summary>
    public bool Leaving { get; set; }

    /// <summary>Whether a request of this connection is in the pipeline.</summary>
    public bool Busy
    {
        get => _busy;
        set => _busy = value;
    }

    /// <summary>Name of the connection in the log.</summary>
    public string Id => connection.ConnectionId;

    /// <summary>Whether nothing is on its way: no bytes have come that were not read, and the last answer has left.</summary>
    public bool IsQuiet()
    {
        try
        {
            return socket is null || (socket.Available == 0 && socket.Poll(0, SelectMode.SelectWrite));
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            // Broken or closed already: nothing is lost.
            return true;
        }
    }

    /// <summary>Closes the connection.</summary>
    public void Close() => connection.Abort(new ConnectionAbortedException("Closed to make room for another connection"));
}
