using Retrieval.Server.Configuration;
using Retrieval.Server.Tests.Hosting;

namespace Retrieval.Server.Tests.Access;

/// <summary>A server that asks for keys and listens with and without TLS.</summary>
internal sealed class SecuredServer : IAsyncDisposable
{
    private SecuredServer(RunningServer server, TestCertificates certificates)
    {
        Server = server;
        Https = new HttpClient(certificates.Trusting()) { BaseAddress = new Uri(server.App.Urls.Last()) };
    }

    public RunningServer Server { get; }

    public HttpClient Http => Server.Client;

    public HttpClient Https { get; }

    public static async Task<SecuredServer> StartAsync(string index, string keyFile, TemporaryFolder folder)
    {
        var certificates = new TestCertificates(folder);
        var options = RunningServer.Options(Repository.Bundle, index);
        var server = await RunningServer.StartAsync(options with
        {
            Http = options.Http with { Urls = "http://127.0.0.1:0;https://127.0.0.1:0" },
            Tls = certificates.Options,
            Access = new AccessOptions { KeyFile = keyFile },
        });
        return new SecuredServer(await server.ReadyAsync(), certificates);
    }

    public async ValueTask DisposeAsync()
    {
        Https.Dispose();
        await Server.DisposeAsync();
    }
}
