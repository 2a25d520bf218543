using System.IO.Pipelines;
using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http.Features;

namespace Retrieval.Server.Limits.Connections;

/// <summary>A connection that is removed from the table when its socket is closed.</summary>
internal sealed class TrackedConnection : ConnectionContext
{
    private readonly ConnectionContext _connection;
    private readonly ConnectionPermit _permit;
    private readonly ConnectionTable _table;
    private int _left;

    public TrackedConnection(ConnectionContext connection, ConnectionPermit permit, ConnectionTable table)
    {
        (_connection, _permit, _table) = (connection, permit, table);
        connection.Features.Set(permit);
    }

    public override string ConnectionId
    {
        get => _connection.ConnectionId;
        set => _connection.ConnectionId = value;
    }

    public override IFeatureCollection Features => _connection.Features;

    public override IDictionary<object, object?> Items
    {
        get => _connection.Items;
        set => _connection.Items = value;
    }

    public override IDuplexPipe Transport
    {
        get => _connection.Transport;
        set => _connection.Transport = value;
    }

    public override CancellationToken ConnectionClosed
    {
        get => _connection.ConnectionClosed;
        set => _connection.ConnectionClosed = value;
    }

    public override EndPoint? LocalEndPoint
    {
        get => _connection.LocalEndPoint;
        set => _connection.LocalEndPoint = value;
    }

    public override EndPoint? RemoteEndPoint
    {
        get => _connection.RemoteEndPoint;
        set => _connection.RemoteEndPoint = value;
    }

    public override void Abort(ConnectionAbortedException abortReason) => _connection.Abort(abortReason);

    public override async ValueTask DisposeAsync()
    {
        await _connection.DisposeAsync().ConfigureAwait(false);
        await base.DisposeAsync().ConfigureAwait(false);
        if (Interlocked.Exchange(ref _left, 1) == 0)
        {
            _table.Remove(_permit);
        }
    }
}
