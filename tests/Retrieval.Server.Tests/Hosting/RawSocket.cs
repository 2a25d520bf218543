using System.Net.Sockets;
using System.Text;

namespace Retrieval.Server.Tests.Hosting;

/// <summary>A connection whose bytes are the test's own.</summary>
internal sealed class RawSocket : IDisposable
{
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(30);

    private readonly TcpClient _client = new();

    public static async Task<RawSocket> OpenAsync(Uri server, string bytes)
    {
        var opened = new RawSocket();
        await opened._client.ConnectAsync(server.Host, server.Port);
        await opened.SendAsync(bytes);
        return opened;
    }

    public Task SendAsync(string bytes) => _client.GetStream().WriteAsync(Encoding.Latin1.GetBytes(bytes)).AsTask();

    /// <summary>What comes first, up to the headers' end; empty if the server closes.</summary>
    public async Task<string> HeadAsync()
    {
        var text = new StringBuilder();
        var buffer = new byte[4096];
        while (!text.ToString().Contains("\r\n\r\n", StringComparison.Ordinal))
        {
            var read = await ReadAsync(buffer);
            if (read == 0)
            {
                break;
            }

            text.Append(Encoding.UTF8.GetString(buffer, 0, read));
        }

        return text.ToString();
    }

    /// <summary>All that comes until the server closes.</summary>
    public async Task<string> RestAsync()
    {
        using var all = new MemoryStream();
        var buffer = new byte[4096];
        while (await ReadAsync(buffer) is > 0 and var read)
        {
            all.Write(buffer, 0, read);
        }

        return Encoding.UTF8.GetString(all.ToArray());
    }

    public void Dispose() => _client.Dispose();

    private async Task<int> ReadAsync(byte[] buffer)
    {
        try
        {
            return await _client.GetStream().ReadAsync(buffer).AsTask().WaitAsync(Longest);
        }
        catch (IOException)
        {
            // Reset: closed all the same.
            return 0;
        }
    }
}
