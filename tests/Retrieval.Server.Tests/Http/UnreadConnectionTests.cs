using System.Diagnostics.Metrics;
using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.DependencyInjection;
using Retrieval.Server.Limits.Connections;

namespace Retrieval.Server.Tests.Http;

/// <summary>Real sockets whose other ends do not read: what was sent last is still on its way.</summary>
public sealed class UnreadConnectionTests : IDisposable
{
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(35);

    private readonly List<IDisposable> _open = [];
    private readonly ManualTime _time = new();

    public void Dispose() => _open.ForEach(each => each.Dispose());

    [Fact]
    public async Task A_connection_whose_answer_is_not_read_gives_way_after_the_time_of_a_request_and_one_that_is_quiet_before_it()
    {
        var services = new ServiceCollection().AddMetrics().BuildServiceProvider();
        _open.Add(services);
        var table = new ConnectionTable(2, Longest, _time, new ConnectionMetrics(services.GetRequiredService<IMeterFactory>()));
        var (unread, other) = (await ConnectAsync(table, full: true), await ConnectAsync(table, full: true));
        var late = await ConnectAsync(table, full: false);
        Assert.True(late.Permit.HealthOnly);

        _time.Advance(Longest - TimeSpan.FromSeconds(1));
        Assert.False(table.Begin(late.Permit));
        table.End(late.Permit);
        Assert.False(unread.Connection.ConnectionClosed.IsCancellationRequested);

        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.True(table.Begin(late.Permit));
        table.End(late.Permit);
        await Eventually.TrueAsync(() => unread.Connection.ConnectionClosed.IsCancellationRequested, "the one that waited longest is closed");
        Assert.False(other.Connection.ConnectionClosed.IsCancellationRequested);

        var last = await ConnectAsync(table, full: false);
        await Eventually.TrueAsync(() => late.Connection.ConnectionClosed.IsCancellationRequested, "the quiet one is closed");
        Assert.False(last.Permit.HealthOnly);
        Assert.False(other.Connection.ConnectionClosed.IsCancellationRequested);
    }

    private async Task<(ConnectionPermit Permit, DefaultConnectionContext Connection)> ConnectAsync(ConnectionTable table, bool full)
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var client = new TcpClient();
        await client.ConnectAsync((IPEndPoint)listener.LocalEndpoint, TestContext.Current.CancellationToken);
        var socket = await listener.AcceptSocketAsync(TestContext.Current.CancellationToken);
        socket.Blocking = false;
        var bytes = new byte[1 << 16];
        while (full && socket.Poll(TimeSpan.FromMilliseconds(50), SelectMode.SelectWrite))
        {
            _ = socket.Send(bytes, SocketFlags.None, out _);
        }

        var connection = new DefaultConnectionContext();
        var permit = new ConnectionPermit(connection, socket);
        table.Add(permit);
        _open.AddRange([client, socket]);
        return (permit, connection);
    }
}
