using System.Net.Sockets;
using System.Text;
using Microsoft.Extensions.Logging;
using Retrieval.Server.Audit;
using Retrieval.Server.Configuration;
using Retrieval.Server.Logging;
using Retrieval.Server.Tests.Hosting;
using Serilog.Core;
using Serilog.Events;
using Serilog.Formatting;

namespace Retrieval.Server.Tests;

public sealed class LogTests(ServerFixture fixture)
{
    [Fact]
    public async Task A_request_is_one_line_with_its_route_and_nothing_of_the_caller()
    {
        await using var server = await StartAsync();
        const string secret = "zebra-in-pyjamas";
        await server.Client.AnswerAsync("/v1/search/images", $$"""{ "caption": "{{secret}}" }""");
        await server.Client.PostAsync("/v1/search/images", $$"""{ "caption": "{{secret}}\u0000" }""");
        await server.Client.PostAsync("/v1/score", $$"""{ "pairs": [ { "imageId": "{{secret}}", "caption": "{{secret}}" } ] }""");
        using var image = await server.Client.AskAsync($"/v1/images/{secret}?x={secret}");
        using var nowhere = await server.Client.AskAsync($"/{secret}");
        using var health = await server.Client.AskAsync("/health/live");

        await Eventually.TrueAsync(() => server.Log.Of(1200).Count(entry => entry.Level == LogLevel.Information) >= 5, "the requests are logged");
        var lines = server.Log.Of(1200).Where(entry => entry.Level == LogLevel.Information).Select(entry => entry.Message.Split(" in ")[0]).ToList();
        Assert.Equal(
            ["POST /v1/search/images 200", "POST /v1/search/images 400", "POST /v1/score 404", "GET /v1/images/{**id} 404", "GET (none) 404"],
            lines);
        Assert.All(server.Log.Of(1200), entry => Assert.Matches(@" in [0-9]+\.[0-9] ms$", entry.Message));
        Assert.DoesNotContain(server.Log.Entries, entry => entry.Category.StartsWith("Retrieval.", StringComparison.Ordinal) && (entry.Message + entry.Exception).Contains(secret, StringComparison.Ordinal));
        Assert.DoesNotContain(server.Log.Entries, entry => entry.Level >= LogLevel.Warning);
    }

    [Fact]
    public async Task A_caller_who_hangs_up_while_he_sends_is_no_fault_of_the_server()
    {
        await using var server = await StartAsync();

        for (var i = 1; i <= 20; i++)
        {
            // One who hangs up before his request was read made none.
            using (var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { LingerState = new LingerOption(true, 0) })
            {
                await socket.ConnectAsync(server.Address.Host, server.Address.Port, TestContext.Current.CancellationToken);
                await socket.SendAsync(Encoding.ASCII.GetBytes("POST /v1/search/images HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{"), TestContext.Current.CancellationToken);
                await Eventually.TrueAsync(() => server.Connections.AtWork == 1, "it is being received");
            }

            await Eventually.TrueAsync(() => server.Log.Of(1200).Count(entry => entry.Level == LogLevel.Information) == i, "it is logged");
        }

        Assert.All(server.Log.Of(1200).Where(entry => entry.Level == LogLevel.Information), entry => Assert.StartsWith("POST /v1/search/images 499", entry.Message, StringComparison.Ordinal));
        Assert.DoesNotContain(server.Log.Entries, entry => entry.Level >= LogLevel.Warning);
    }

    [Theory]
    [InlineData(LogFormat.Text)]
    [InlineData(LogFormat.Json)]
    public void Lines_are_written_as_configured(LogFormat format)
    {
        using var lines = new StringWriter();
        var options = new LogOptions { Format = format };
        using (var logger = LogRegistration.Levels(options).WriteTo.Sink(new Sink(LogRegistration.Formatter(options), lines)).CreateLogger())
        {
            logger.ForContext(Constants.SourceContextPropertyName, "Retrieval.Some.Source").Information("Hello {Name}", "world");
            logger.ForContext(Constants.SourceContextPropertyName, "Retrieval.Some.Source").ForContext("RequestPath", "/v1/images/secret").Information("Path");
            logger.ForContext(Constants.SourceContextPropertyName, "Retrieval.Some.Source").Debug("Silence");
            logger.ForContext(Constants.SourceContextPropertyName, "Microsoft.AspNetCore.Some").Information("Silence");
        }

        Assert.DoesNotContain("secret", lines.ToString(), StringComparison.Ordinal);
        var line = Assert.Single(lines.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries), line => !line.Contains("Path", StringComparison.Ordinal));
        Assert.Matches(
            format == LogFormat.Json ? """^\{"@t":"[^"]+","@m":"Hello \\"world\\"",.*"Name":"world","SourceContext":"Retrieval\.Some\.Source"\}$""" : @"^\d{4}-\d\d-\d\dT[0-9:.]+(Z|[+-]\d\d:\d\d) INF Retrieval\.Some\.Source Hello world\s*$",
            line);
    }

    [Fact]
    public void Changes_are_recorded_whatever_level_is_asked_for()
    {
        using var lines = new StringWriter();
        var options = new LogOptions { Level = LogEventLevel.Fatal };
        using (var logger = LogRegistration.Levels(options).WriteTo.Sink(new Sink(LogRegistration.Formatter(options), lines)).CreateLogger())
        {
            logger.ForContext(Constants.SourceContextPropertyName, typeof(AuditLog).FullName).Information("Stored");
            logger.ForContext(Constants.SourceContextPropertyName, "Retrieval.Some.Source").Error("Silence");
        }

        Assert.Contains("Stored", Assert.Single(lines.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries)), StringComparison.Ordinal);
    }

    [Fact]
    public void Addresses_of_requests_are_not_logged_at_any_level()
    {
        using var lines = new StringWriter();
        var options = new LogOptions { Levels = new Dictionary<string, LogEventLevel> { ["Microsoft.AspNetCore.Hosting"] = LogEventLevel.Verbose, ["Microsoft.AspNetCore.Hosting.Diagnostics"] = LogEventLevel.Verbose } };
        using (var logger = LogRegistration.Levels(options).WriteTo.Sink(new Sink(LogRegistration.Formatter(options), lines)).CreateLogger())
        {
            logger.ForContext(Constants.SourceContextPropertyName, "Microsoft.AspNetCore.Hosting.Diagnostics").Fatal("GET /v1/model?key=secret");
            logger.ForContext(Constants.SourceContextPropertyName, "Microsoft.AspNetCore.Hosting.Other").Debug("Said");
        }

        Assert.Contains("Said", Assert.Single(lines.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries)), StringComparison.Ordinal);
    }

    private async Task<RunningServer> StartAsync()
    {
        var server = await RunningServer.StartAsync(RunningServer.Options(Repository.Bundle, fixture.Index));
        return await server.ReadyAsync();
    }

    private sealed class Sink(ITextFormatter formatter, TextWriter output) : ILogEventSink
    {
        public void Emit(LogEvent logEvent) => formatter.Format(logEvent, output);
    }
}
