using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Logging;

namespace Retrieval.Server.Limits.Connections;

/// <summary>
/// Accepts connections while there is room for them. The server's own listener accepts without a bound, and when no descriptor
/// is free, it retries at once and forever.
/// </summary>
internal sealed partial class ConnectionListener(Socket listening, SocketConnectionContextFactory connections, ConnectionTable table, TimeProvider time, ILogger logger)
    : IConnectionListener
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan BetweenWarnings = TimeSpan.FromMinutes(1);

    private readonly CancellationTokenSource _unbound = new();
    private long? _warnedAt;

    public EndPoint EndPoint { get; } = listening.LocalEndPoint!;

    public async ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _unbound.Token);
        while (true)
        {
            try
            {
                await table.RoomAsync(either.Token).ConfigureAwait(false);
                return Track(await listening.AcceptAsync(either.Token).ConfigureAwait(false));
            }
            catch (Exception exception) when (exception is ObjectDisposedException or OperationCanceledException or SocketException { SocketErrorCode: SocketError.OperationAborted })
            {
                return null;
            }
            catch (SocketException exception) when (exception.SocketErrorCode is SocketError.TooManyOpenSockets or SocketError.NoBufferSpaceAvailable)
            {
                Warn(exception);
                table.MakeRoom();
                await Task.Delay(Pause, time, CancellationToken.None).ConfigureAwait(false);
            }
            catch (SocketException)
            {
                // The client disconnected before it was accepted.
            }
        }
    }

    public ValueTask UnbindAsync(CancellationToken cancellationToken = default)
    {
        _unbound.Cancel();
        listening.Dispose();

        // The server closes idle connections itself, but waits for an incomplete request until its timeout.
        table.CloseWaiting();
        return default;
    }

    public ValueTask DisposeAsync()
    {
        _unbound.Cancel();
        listening.Dispose();
        connections.Dispose();
        return default;
    }

    private TrackedConnection Track(Socket socket)
    {
        if (socket.LocalEndPoint is IPEndPoint)
        {
            socket.NoDelay = true;
        }

        var connection = connections.Create(socket);
        var permit = new ConnectionPermit(connection, socket);
        table.Add(permit);
        return new TrackedConnection(connection, permit, table);
    }

    private void Warn(SocketException exception)
    {
        if (_warnedAt is not { } before || time.GetElapsedTime(before) >= BetweenWarnings)
        {
            _warnedAt = time.GetTimestamp();
            LogNoDescriptor(exception.Message, table.Open);
        }
    }

    [LoggerMessage(EventId = 1011, Level = LogLevel.Error, Message = "No connection could be accepted: {Reason}. {Open} are open; waiting ones are closed until it can be")]
    private partial void LogNoDescriptor(string reason, int open);
}
