using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text;
using System.Text.RegularExpressions;
using Retrieval.Cli.Tests.Postgres;

namespace Retrieval.Cli.Tests;

/// <summary>The program under a limit of open files (<c>ulimit -n</c>), as a process of its own.</summary>
public sealed partial class OpenFileLimitTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(64, "--version")]
    [InlineData(64, "serve", "--bundle", "b", "--index", "i")]
    [InlineData(255, "serve", "--bundle", "b", "--index", "i")]
    public async Task Too_low_a_limit_to_start_is_one_line(int limit, params string[] args)
    {
        using var process = Start(limit, args);
        var (output, errors) = await EndAsync(process);

        Assert.Equal((1, "", $"retrieval: the limit of open files (ulimit -n) is {limit}; expected at least 256\n"), (process.ExitCode, output, errors));
    }

    [Fact]
    public async Task Too_low_a_limit_to_serve_is_one_line()
    {
        using var process = Start(400, "serve", "--bundle", "b", "--index", "i", "--urls", "http://127.0.0.1:0");
        var (output, errors) = await EndAsync(process);

        Assert.Equal((2, ""), (process.ExitCode, output));
        Assert.Equal("the limit of open files (ulimit -n) is 400; expected at least 512, or 1496 for the 1000 connections of Http:MaxConnections\n", errors);
    }

    [Fact]
    public async Task A_port_in_use_is_one_line()
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        var outcome = await CommandLineProcess.RunAsync("serve", "--bundle", "b", "--index", "i", "--urls", $"http://{taken.LocalEndpoint}");

        Assert.Equal((1, "", $"retrieval: cannot listen on an address of Http:Urls: Failed to bind to address http://{taken.LocalEndpoint}: address already in use.\n"), (outcome.Code, outcome.Output, outcome.Errors));
    }

    [Fact]
    public async Task More_half_requests_than_descriptors_end_nothing_and_silence_nothing()
    {
        using var server = await ServeAsync(1024);
        using var client = new HttpClient { BaseAddress = server.Address, Timeout = TimeSpan.FromSeconds(20) };
        Assert.Contains("Most connections are 528, not the 1000 of Http:MaxConnections: the limit of open files (ulimit -n) is 1024", server.Log, StringComparison.Ordinal);
        var crowd = new List<TcpClient>();
        try
        {
            for (var i = 0; i < 1200; i++)
            {
                var socket = new TcpClient();
                crowd.Add(socket);
                await socket.ConnectAsync(server.Address.Host, server.Address.Port, Cancelled);
                await socket.GetStream().WriteAsync("POST /v1/search/images HTTP/1.1\r\nHost: 127.0.0.1\r\n"u8.ToArray(), Cancelled);
            }

            await ServeProcess.UntilAsync(async () => await StatusAsync(client, "/health/live") == 200, "/health/live answers");
            await SearchAsync(client);
            Assert.False(server.Process.HasExited);
        }
        finally
        {
            crowd.ForEach(socket => socket.Dispose());
        }

        await SearchAsync(client);
    }

    [Fact]
    public async Task Descriptors_that_run_out_for_another_reason_do_not_end_the_server()
    {
        using var server = await ServeAsync(4096);
        using var client = new HttpClient { BaseAddress = server.Address, Timeout = TimeSpan.FromSeconds(2) };
        var open = Directory.GetFiles($"/proc/{server.Process.Id}/fd").Length;

        // Enough for the runtime, which needs a few to start a thread and would end the process, and not for the crowd.
        await LimitAsync(server.Process.Id, open + 8);
        var crowd = new List<TcpClient>();
        try
        {
            for (var i = 0; i < 20; i++)
            {
                crowd.Add(new TcpClient(server.Address.Host, server.Address.Port));
            }

            await ServeProcess.UntilAsync(() => Task.FromResult(server.Process.HasExited || server.Log.Contains("No connection could be accepted", StringComparison.Ordinal)), "it is said");
            Assert.False(server.Process.HasExited, server.Log);
        }
        finally
        {
            crowd.ForEach(socket => socket.Dispose());
        }

        await LimitAsync(server.Process.Id, 4096);
        await ServeProcess.UntilAsync(async () => await StatusAsync(client, "/health/live") == 200, "/health/live answers");

        // The first search of a process takes long.
        using var patient = new HttpClient { BaseAddress = server.Address };
        await SearchAsync(patient);
    }

    public void Dispose() => _folder.Dispose();

    private static async Task<int> StatusAsync(HttpClient client, string path)
    {
        try
        {
            using var response = await client.GetAsync(new Uri(path, UriKind.Relative), Cancelled);
            return (int)response.StatusCode;
        }
        catch (Exception exception) when (exception is HttpRequestException || (exception is OperationCanceledException && !Cancelled.IsCancellationRequested))
        {
            return 0;
        }
    }

    private static async Task SearchAsync(HttpClient client)
    {
        using var response = await client.PostAsJsonAsync(new Uri("/v1/search/images", UriKind.Relative), new { caption = "w4", top = 1 }, Cancelled);
        Assert.True(response.IsSuccessStatusCode, await response.Content.ReadAsStringAsync(Cancelled));
    }

    private static async Task LimitAsync(int process, int files)
    {
        using var run = System.Diagnostics.Process.Start("prlimit", ["--pid", $"{process}", $"--nofile={files}:4096"]);
        await run.WaitForExitAsync(Cancelled);
        Assert.Equal(0, run.ExitCode);
    }

    private async Task<Served> ServeAsync(int limit)
    {
        SampleSplit.Write(_folder, 8);
        (await CommandLineProcess.RunAsync("ingest", "--bundle", Fixture.Bundle(), "--index", _folder["index"], "--source", _folder.Path, "--split", "test")).Succeeded();
        var served = new Served(Start(limit, "serve", "--bundle", Fixture.Bundle(), "--index", _folder["index"], "--urls", "http://127.0.0.1:0"));
        await ServeProcess.UntilAsync(() => Task.FromResult(served.IsListening || served.Process.HasExited), "it listens");
        Assert.False(served.Process.HasExited, served.Log);
        using var client = new HttpClient { BaseAddress = served.Address };
        await ServeProcess.UntilAsync(async () => await StatusAsync(client, "/health/ready") == 200, "it is ready");
        return served;
    }

    private static async Task<(string Output, string Errors)> EndAsync(Process process)
    {
        var output = process.StandardOutput.ReadToEndAsync(Cancelled);
        var errors = process.StandardError.ReadToEndAsync(Cancelled);
        await process.WaitForExitAsync(Cancelled);
        return (await output, await errors);
    }

    private static Process Start(int limit, params string[] args)
    {
        var start = new ProcessStartInfo("bash") { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var part in (string[])["-c", "ulimit -n \"$0\" && exec dotnet \"$@\"", $"{limit}", Path.Combine(AppContext.BaseDirectory, "retrieval.dll"), .. args])
        {
            start.ArgumentList.Add(part);
        }

        return Process.Start(start)!;
    }

    /// <summary>A server process and its log.</summary>
    private sealed partial class Served : IDisposable
    {
        private readonly StringBuilder _log = new();

        public Served(Process process)
        {
            Process = process;
            process.OutputDataReceived += (_, line) => Append(line.Data);
            process.ErrorDataReceived += (_, line) => Append(line.Data);
            process.BeginOutputReadLine();
            process.BeginErrorReadLine();
        }

        public Process Process { get; }

        public string Log
        {
            get
            {
                lock (_log)
                {
                    return _log.ToString();
                }
            }
        }

        public bool IsListening => Listening().IsMatch(Log);

        public Uri Address => new(Listening().Match(Log).Groups[1].Value);

        public void Dispose()
        {
            Process.Kill();
            Process.WaitForExit();
            Process.Dispose();
        }

        private void Append(string? line)
        {
            lock (_log)
            {
                _log.AppendLine(line);
            }
        }

        [GeneratedRegex(@"Now listening on: (\S+)")]
        private static partial Regex Listening();
    }
}
