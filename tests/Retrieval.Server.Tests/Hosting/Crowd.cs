namespace Retrieval.Server.Tests.Hosting;

/// <summary>Connections that stay open together.</summary>
internal sealed class Crowd : IDisposable
{
    private readonly List<RawSocket> _sockets = [];

    public void Add(RawSocket socket) => _sockets.Add(socket);

    public void Dispose()
    {
        _sockets.ForEach(socket => socket.Dispose());
        _sockets.Clear();
    }
}
