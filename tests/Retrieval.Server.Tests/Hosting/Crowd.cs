namespace Retrieval.Server.Tests.Hosting;

/// <summary>Connections that stay open together.</summary>
internal sealed class Crowd : IDisposable
{
    private readonly List<RawSocket> _sockets = [];

    public void Add(RawSocket socket) => _sockets.Add(socket);

    /// <summary>Waits until so many of them have been answered 429. The others must not be answered meanwhile.</summary>
    public async Task RefusedAsync(int count)
    {
        var answers = _sockets.Select(socket => socket.AnswerAsync()).ToList();
        await Eventually.TrueAsync(() => answers.Count(answer => answer.IsCompleted) >= count, $"{count} are refused");
        foreach (var answer in answers.Where(answer => answer.IsCompleted))
        {
            Assert.StartsWith("HTTP/1.1 429 ", await answer, StringComparison.Ordinal);
        }
    }

    public void Dispose()
    {
        _sockets.ForEach(socket => socket.Dispose());
        _sockets.Clear();
    }
}
