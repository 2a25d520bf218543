using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Logging;

namespace Retrieval.Server.Limits.Connections;

/// <summary>Listens on an address and counts its connections.</summary>
internal sealed class ConnectionListenerFactory(ConnectionTable table, TimeProvider time, ILoggerFactory loggers) : IConnectionListenerFactory
{
    private const int Backlog = 512;

    public ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default)
    {
        Socket? listening = null;
        try
        {
            listening = SocketTransportOptions.CreateDefaultBoundListenSocket(endpoint);
            listening.Listen(Backlog);
        }
        catch (SocketException exception) when (exception.SocketErrorCode == SocketError.AddressAlreadyInUse)
        {
            // An exception that the server knows how to report.
            listening?.Dispose();
            throw new AddressInUseException(exception.Message, exception);
        }

        var connections = new SocketConnectionContextFactory(new SocketConnectionFactoryOptions(), loggers.CreateLogger("Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets"));
        return ValueTask.FromResult<IConnectionListener>(new ConnectionListener(listening, connections, table, time, loggers.CreateLogger<ConnectionListener>()));
    }
}
