using System.Globalization;
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

    /// <summary>One whole answer, of a length that is said or in chunks; what there is of it if the server closes.</summary>
    public async Task<string> AnswerAsync()
    {
        var text = "";
        var buffer = new byte[4096];
        while (!IsWhole(text) && await ReadAsync(buffer) is > 0 and var read)
        {
            text += Encoding.Latin1.GetString(buffer, 0, read);
        }

        return text;
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

    private static bool IsWhole(string text)
    {
        const string end = "\r\n\r\n", length = "Content-Length: ";
        if (text.IndexOf(end, StringComparison.Ordinal) is not (>= 0 and var at))
        {
            return false;
        }

        var said = text.IndexOf(length, 0, at, StringComparison.OrdinalIgnoreCase);
        return said < 0
            ? text.EndsWith("\r\n0" + end, StringComparison.Ordinal)
            : text.Length >= at + end.Length + int.Parse(text.AsSpan(said + length.Length, text.IndexOf('\r', said) - said - length.Length), CultureInfo.InvariantCulture);
    }

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
