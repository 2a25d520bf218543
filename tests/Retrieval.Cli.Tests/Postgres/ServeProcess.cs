using System.Diagnostics;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;

namespace Retrieval.Cli.Tests.Postgres;

/// <summary><c>retrieval serve</c> as a process of its own, on a port that it chooses.</summary>
internal sealed class ServeProcess : IAsyncDisposable
{
    private const string Listening = "Now listening on: ";
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(2);
    private readonly Process _process;
    private readonly Task _reading;
    private readonly HttpClient _client;

    private ServeProcess(Process process, Task reading, Uri address)
    {
        _process = process;
        _reading = reading;
        _client = new HttpClient { BaseAddress = address };
    }

    /// <summary>Where it listens.</summary>
    public Uri Address => _client.BaseAddress!;

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    /// <summary>Starts a replica of a catalog and waits until it is ready.</summary>
    /// <param name="catalog">The catalog.</param>
    /// <param name="cache">Folder for its copy.</param>
    /// <param name="roots">Folder below which sources lie.</param>
    public static Task<ServeProcess> StartAsync(CatalogUnderTest catalog, string cache, string roots) =>
        StartAsync("--index", cache, "--postgres", catalog.Connection, $"--Ingestion:Roots:0={roots}");

    /// <summary>Starts a server of the fixture's bundle with these options and waits until it is ready.</summary>
    public static Task<ServeProcess> StartAsync(params string[] options) => StartAsync(new Dictionary<string, string>(), options);

    /// <summary>The same with more in its environment.</summary>
    public static async Task<ServeProcess> StartAsync(IReadOnlyDictionary<string, string> environment, params string[] options)
    {
        var process = CommandLineProcess.Start(environment, ["serve", "--bundle", Fixture.Bundle(), "--urls", "http://127.0.0.1:0", .. options]);
        var address = new TaskCompletionSource<Uri>(TaskCreationOptions.RunContinuationsAsynchronously);
        var reading = Task.WhenAll(ReadAsync(process, address), process.StandardError.ReadToEndAsync(CancellationToken.None));
        try
        {
            var server = new ServeProcess(process, reading, await address.Task.WaitAsync(Longest, Cancelled));
            await UntilAsync(async () => (await server._client.GetAsync(new Uri("/health/ready", UriKind.Relative), Cancelled)).IsSuccessStatusCode, "it is ready");
            return server;
        }
        catch
        {
            process.Kill();
            throw;
        }
    }

    /// <summary>Waits for what another process brings about.</summary>
    public static async Task UntilAsync(Func<Task<bool>> condition, string what)
    {
        var watch = Stopwatch.StartNew();
        while (!await condition())
        {
            Assert.True(watch.Elapsed < Longest, $"waited in vain: {what}");
            await Task.Delay(5, Cancelled);
        }
    }

    public async Task<JsonElement> AskAsync(string path) => await _client.GetFromJsonAsync<JsonElement>(new Uri(path, UriKind.Relative), Cancelled);

    /// <summary>Orders an ingestion; the path of its run.</summary>
    public async Task<string> IngestAsync(string order)
    {
        using var content = new StringContent(order, Encoding.UTF8, "application/json");
        using var response = await _client.PostAsync(new Uri("/v1/ingestions", UriKind.Relative), content, Cancelled);
        Assert.True((int)response.StatusCode == 202, await response.Content.ReadAsStringAsync(Cancelled));
        return response.Headers.Location!.OriginalString;
    }

    /// <summary>Memory that is the process's own: what it allocated, without the files it has mapped.</summary>
    public long PrivateBytes()
    {
        var line = File.ReadLines($"/proc/{_process.Id}/status").Single(line => line.StartsWith("RssAnon:", StringComparison.Ordinal));
        return long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[^2], System.Globalization.CultureInfo.InvariantCulture) * 1024;
    }

    /// <summary>SIGKILL; when this returns, the process is gone.</summary>
    public async Task KillAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync(Cancelled);
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
        }

        await _reading;
        _client.Dispose();
        _process.Dispose();
    }

    // To the end, so that the process never waits for its log to be read.
    private static async Task ReadAsync(Process process, TaskCompletionSource<Uri> address)
    {
        while (await process.StandardOutput.ReadLineAsync(CancellationToken.None) is { } line)
        {
            if (line.IndexOf(Listening, StringComparison.Ordinal) is >= 0 and var at)
            {
                address.TrySetResult(new Uri(line[(at + Listening.Length)..].Trim().Split(' ')[0]));
            }
        }

        address.TrySetException(new InvalidOperationException("the server ended before it listened"));
    }
}
