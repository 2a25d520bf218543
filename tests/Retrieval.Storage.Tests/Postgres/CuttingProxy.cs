using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace Retrieval.Storage.Tests.Postgres;

/// <summary>
/// Stands between a client and Postgres, and cuts the line just before or just after a commit has reached the server, or puts a message
/// into an answer that does not belong there.
/// </summary>
internal sealed class CuttingProxy : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly int _serverPort;
    private readonly Task _accepting;
    private int _cutsBefore;
    private int _cutsAfter;
    private int _endsEarly;

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

    /// <summary>The next answers say after their first message that this was all, and go on.</summary>
    public void EndEarly(int times) => _endsEarly = times;

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
                var answers = AnswersAsync(server.GetStream(), client.GetStream(), ended.Token);
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

    private async Task AnswersAsync(NetworkStream server, NetworkStream client, CancellationToken ended)
    {
        // ReadyForQuery, its length, and no transaction.
        byte[] end = [(byte)'Z', 0, 0, 0, 5, (byte)'I'];
        var buffer = new byte[1 << 17];
        while (await server.ReadAsync(buffer, ended) is > 0 and var read)
        {
            var first = 0;
            if (Interlocked.Decrement(ref _endsEarly) >= 0)
            {
                // A message's code, and its length, which counts itself.
                first = 1 + BinaryPrimitives.ReadInt32BigEndian(buffer.AsSpan(1));
                await client.WriteAsync(buffer.AsMemory(0, first), ended);
                await client.WriteAsync(end, ended);
            }

            await client.WriteAsync(buffer.AsMemory(first, read - first), ended);
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
