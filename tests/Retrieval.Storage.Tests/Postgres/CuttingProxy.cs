using System.Net;
using System.Net.Sockets;

namespace Retrieval.Storage.Tests.Postgres;

/// <summary>Stands between a client and Postgres, and cuts the line just before or just after a commit has reached the server.</summary>
internal sealed class CuttingProxy : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly int _serverPort;
    private readonly Task _accepting;
    private int _cutsBefore;
    private int _cutsAfter;

    public CuttingProxy(int serverPort)
    {
        _serverPort = serverPort;
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>How often a line was cut.</summary>
    public int Cuts { get; private set; }

    /// <summary>The next commits do not reach the server.</summary>
    public void CutBeforeCommit(int times) => _cutsBefore = times;

    /// <summary>The next commits reach the server, and its answer does not come back.</summary>
    public void CutAfterCommit(int times) => _cutsAfter = times;

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Stop();
        await _accepting;
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        var lines = new List<Task>();
        try
        {
            while (true)
            {
                var client = await _listener.AcceptTcpClientAsync(_stop.Token);
                lines.Add(ForwardAsync(client));
            }
        }
        catch (Exception exception) when (exception is OperationCanceledException or SocketException)
        {
            await Task.WhenAll(lines);
        }
    }

    private async Task ForwardAsync(TcpClient client)
    {
        using var server = new TcpClient();
        using (client)
        {
            try
            {
                await server.ConnectAsync(IPAddress.Loopback, _serverPort, _stop.Token);
                using var ended = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token);
                var answers = server.GetStream().CopyToAsync(client.GetStream(), ended.Token);
                var requests = RequestsAsync(client, server, ended, answers);
                await Task.WhenAny(requests, answers);
                if (ended.IsCancellationRequested)
                {
                    // A commit is being swallowed: the line lasts until the server has it.
                    await requests;
                }

                await ended.CancelAsync();
                await answers;
            }
            catch (Exception exception) when (exception is IOException or SocketException or OperationCanceledException or ObjectDisposedException)
            {
                // One of them went away: so does the line.
            }
        }
    }

    private async Task RequestsAsync(TcpClient client, TcpClient server, CancellationTokenSource ended, Task answers)
    {
        var buffer = new byte[1 << 17];
        while (await client.GetStream().ReadAsync(buffer, ended.Token) is > 0 and var read)
        {
            var isCommit = buffer.AsSpan(0, read).IndexOf("commit\0"u8) >= 0;
            if (isCommit && Interlocked.Decrement(ref _cutsBefore) >= 0)
            {
                Cuts++;
                return;
            }

            if (isCommit && Interlocked.Decrement(ref _cutsAfter) >= 0)
            {
                await SwallowAsync(server, buffer.AsMemory(0, read), ended, answers);
                Cuts++;
                return;
            }

            await server.GetStream().WriteAsync(buffer.AsMemory(0, read), ended.Token);
        }
    }

    // The server answers only when the whole batch is done: what it says first, it says after the commit.
    private async Task SwallowAsync(TcpClient server, ReadOnlyMemory<byte> request, CancellationTokenSource ended, Task answers)
    {
        await ended.CancelAsync();
        await Task.WhenAny(answers);
        await server.GetStream().WriteAsync(request, _stop.Token);
        await server.GetStream().ReadExactlyAsync(new byte[1], _stop.Token);
    }
}
