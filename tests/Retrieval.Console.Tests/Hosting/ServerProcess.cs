using System.Net;
using System.Net.Sockets;

namespace Retrieval.Console.Tests.Hosting;

/// <summary><c>retrieval serve</c> over the demo's bundle as a process of its own, which is killed and started again at the same address.</summary>
internal sealed class ServerProcess : IDisposable
{
    private readonly string _index;
    private ChildProcess _process;

    private ServerProcess(string index, int port)
    {
        _index = index;
        Address = new Uri($"http://127.0.0.1:{port}");
        _process = Start();
    }

    public Uri Address { get; }

    /// <summary>Starts it, and waits until it is ready.</summary>
    /// <param name="index">Its index, which it only reads.</param>
    public static async Task<ServerProcess> StartAsync(string index)
    {
        var server = new ServerProcess(index, FreePort());
        await server.ReadyAsync();
        return server;
    }

    /// <summary>SIGKILL: what is asked of it is never answered.</summary>
    public Task KillAsync() => _process.KillAsync();

    /// <summary>SIGSTOP: it takes connections and answers nothing.</summary>
    public Task FreezeAsync() => _process.FreezeAsync();

    /// <summary>Starts it again after it was killed, and waits until it is ready.</summary>
    public Task StartAgainAsync()
    {
        _process.Dispose();
        _process = Start();
        return ReadyAsync();
    }

    public void Dispose() => _process.Dispose();

    private ChildProcess Start() => ChildProcess.Start(
        "retrieval.dll", "serve", "--bundle", Path.Combine(Site.Scenes, "bundle"), "--index", _index, "--urls", Address.GetLeftPart(UriPartial.Authority),
        $"--Pictures:Folder={Path.Combine(Site.Scenes, "pictures")}", "--Logging:Level=Fatal");

    private async Task ReadyAsync()
    {
        using var client = new HttpClient { BaseAddress = Address };
        await Eventually.TrueAsync(async () =>
        {
            Assert.False(_process.HasExited, "the server has ended");
            try
            {
                using var answer = await client.GetAsync("/health/ready", TestContext.Current.CancellationToken);
                return answer.IsSuccessStatusCode;
            }
            catch (HttpRequestException)
            {
                return false;
            }
        }, "the server is ready");
    }

    private static int FreePort()
    {
        using var probe = new TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        return ((IPEndPoint)probe.LocalEndpoint).Port;
    }
}
