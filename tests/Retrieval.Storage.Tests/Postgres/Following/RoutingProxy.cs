using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Retrieval.Storage.Tests.Postgres.Following;

/// <summary>One address behind which two servers answer: each connection is led to one of two databases, whose names are of equal length.</summary>
internal sealed class RoutingProxy : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly string _first;
    private readonly string _second;
    private readonly int _serverPort;
    private readonly Func<int, bool> _toSecond;
    private readonly Task _accepting;
    private readonly CancellationTokenSource _secondLines = new();

    public RoutingProxy(int serverPort, string first, string second, Func<int, bool> toSecond)
    {
        Assert.Equal(first.Length, second.Length);
        (_serverPort, _first, _second, _toSecond) = (serverPort, first, second, toSecond);
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>Connections that were led to the second database.</summary>
    public int Second { get; private set; }

    /// <summary>From now on all are led to the first one, and those to the second end.</summary>
    public bool FirstOnly
    {
        get;
        set
        {
            field = value;
            _secondLines.Cancel();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Stop();
        await _accepting;
        _stop.Dispose();
        _secondLines.Dispose();
    }

    private async Task AcceptAsync()
    {
        var lines = new List<Task>();
        try
        {
            for (var number = 0; ; number++)
            {
                var client = await _listener.AcceptTcpClientAsync(_stop.Token);
                var second = !FirstOnly && _toSecond(number);
                Second += second ? 1 : 0;
                lines.Add(ForwardAsync(client, second));
            }
        }
        catch (Exception exception) when (exception is OperationCanceledException or SocketException)
        {
            await Task.WhenAll(lines);
        }
    }

    private async Task ForwardAsync(TcpClient client, bool second)
    {
        using var server = new TcpClient();
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token, second ? _secondLines.Token : default);
        using (client)
        {
            try
            {
                await server.ConnectAsync(IPAddress.Loopback, _serverPort, ended.Token);
                var answers = server.GetStream().CopyToAsync(client.GetStream(), ended.Token);
                var requests = RequestsAsync(client, server, second, ended.Token);
                await Task.WhenAny(requests, answers);
                await ended.CancelAsync();
                await Task.WhenAll(requests, answers);
            }
            catch (Exception exception) when (exception is IOException or SocketException or OperationCanceledException or ObjectDisposedException)
            {
                // One of them went away: so does the line.
            }
        }
    }

    private async Task RequestsAsync(TcpClient client, TcpClient server, bool second, CancellationToken cancellation)
    {
        var buffer = new byte[1 << 16];
        var named = false;
        while (await client.GetStream().ReadAsync(buffer, cancellation) is > 0 and var read)
        {
            // What a connection begins with says: database, zero, its name, zero.
            var place = named ? -1 : buffer.AsSpan(0, read).IndexOf(Encoding.ASCII.GetBytes($"database\0{_first}\0"));
            if (place >= 0)
            {
                named = true;
                Encoding.ASCII.GetBytes(second ? _second : _first).CopyTo(buffer, place + "database\0".Length);
            }

            await server.GetStream().WriteAsync(buffer.AsMemory(0, read), cancellation);
        }
    }
}
