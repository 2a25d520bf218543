using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Retrieval.Inference;
using Retrieval.Inference.Batching;
using Retrieval.Inference.Devices;
using Retrieval.Inference.Scheduling;
using Retrieval.Search.Snapshots;
using Retrieval.Server.Configuration;
using Retrieval.Server.Tests.Hosting;

namespace Retrieval.Server.Tests.Engine;

public sealed class DeviceStateTests(ServerFixture fixture)
{
    // Between two looks of the monitor.
    private static readonly TimeSpan Look = TimeSpan.FromSeconds(0.5);

    [Fact]
    [Trait("Promise", "13")]
    public async Task A_device_whose_calls_fail_is_not_ready_with_the_reason_until_it_computes_again()
    {
        await using var server = await StartAsync();
        var device = FailingDevice.Of(server);
        var failing = new FailingDevice(kills: false);
        using var snapshot = server.App.Services.GetRequiredService<SnapshotSource>().Acquire();

        // Held between two faults, so that the look for it is sure to come in between.
        await Eventually.TrueAsync(
            async () =>
            {
                for (var i = 0; i < 5; i++)
                {
                    // What can be encoded meanwhile says nothing about what cannot be scored.
                    (await device.RunAsync(new CaptionItem(snapshot.EncodeBatcher, [1, 2], default))).Dispose();
                    await failing.FailOnceAsync(device);
                }

                using var turn = await device.AcquireExclusiveAsync(1, TestContext.Current.CancellationToken);
                return await IsRedAsync(server);
            },
            "readiness is red");
        Assert.Contains(server.Log.Entries, entry => entry.Level == LogLevel.Error);

        // Nobody asks it anything now: it finds out by itself.
        await server.ReadyAsync();
        await server.Client.AnswerAsync("/v1/search/images", """{ "caption": "w4" }""");
    }

    [Fact]
    public async Task A_worker_that_keeps_dying_is_not_ready_for_good_and_liveness_says_why()
    {
        await using var server = await StartAsync();
        await new FailingDevice(kills: true).FailOnceAsync(FailingDevice.Of(server));

        var (response, _) = await server.Client.PostAsync("/v1/search/images", """{ "caption": "w4" }""");
        await response.ProblemAsync(503);
        await Eventually.TrueAsync(
            async () =>
            {
                using var ready = await server.Client.AskAsync("/health/ready");
                return ready.StatusCode == HttpStatusCode.ServiceUnavailable
                    && (await ready.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).Contains("the worker died repeatedly", StringComparison.Ordinal);
            },
            "readiness is red");
        await IsLostAsync(server, "the worker died repeatedly");
        Assert.Equal(0, await server.MetricAsync("retrieval_ready"));
        Assert.True(await server.MetricAsync("retrieval_worker_restarts_total") > 0);
    }

    [Fact]
    [Trait("Promise", "13")]
    public async Task A_batch_that_takes_too_long_turns_readiness_red_until_it_ends_and_liveness_stays_green()
    {
        var time = new JumpingTime(Look);
        await using var server = await StartAsync(replace: services => services.AddSingleton<TimeProvider>(time));
        var (device, hanging) = (FailingDevice.Of(server), new HangingDevice());
        var hung = device.RunAsync(hanging.Work());
        await Eventually.TrueAsync(() => Task.FromResult(device.State.RunningSeconds > 0), "it runs");

        time.Jump(TimeSpan.FromSeconds(40));
        await Eventually.TrueAsync(async () => (await server.Client.AskAsync("/health/ready")).StatusCode == HttpStatusCode.ServiceUnavailable, "readiness is red");
        using var ready = await server.Client.AskAsync("/health/ready");
        Assert.Equal("""["a batch does not end"]""", (await ready.ProblemAsync(503))["reasons"]!.ToJsonString());
        Assert.Equal(HttpStatusCode.OK, (await server.Client.AskAsync("/health/live")).StatusCode);

        hanging.Release();
        await hung;
        await server.ReadyAsync();
    }

    [Fact]
    [Trait("Promise", "13")]
    public async Task A_process_that_stood_still_in_a_batch_stays_ready()
    {
        var time = new JumpingTime(Look);
        await using var server = await StartAsync(hungSeconds: 30, replace: services => services.AddSingleton<TimeProvider>(time));
        var (device, hanging) = (FailingDevice.Of(server), new HangingDevice());
        var running = device.RunAsync(hanging.Work());
        await Eventually.TrueAsync(() => Task.FromResult(device.State.RunningSeconds > 0), "it runs");

        // It goes on, and the monitor looks twice before the batch ends.
        time.LetTicksPass(0);
        time.Jump(TimeSpan.FromSeconds(40));
        time.LetTicksPass(2);
        await Eventually.TrueAsync(() => Task.FromResult(time.HaveTicksPassed), "the monitor looks");
        hanging.Release();
        await running;
        time.LetTicksPass(4);
        await Eventually.TrueAsync(() => Task.FromResult(time.HaveTicksPassed), "the monitor looks again");

        Assert.Equal(HttpStatusCode.OK, (await server.Client.AskAsync("/health/ready")).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await server.Client.AskAsync("/health/live")).StatusCode);
        Assert.DoesNotContain(server.Log.Entries, entry => entry.Message.Contains("a batch does not end", StringComparison.Ordinal));
        await server.Client.AnswerAsync("/v1/search/images", """{ "caption": "w4" }""");
    }

    [Fact]
    [Trait("Promise", "13")]
    public async Task A_batch_that_does_not_end_turns_liveness_red_after_its_bound_with_the_reason()
    {
        await using var server = await StartAsync(hungSeconds: 6);
        var hanging = new HangingDevice();
        var hung = FailingDevice.Of(server).RunAsync(hanging.Work());
        var (late, _) = await server.Client.PostAsync("/v1/search/images", """{ "caption": "w4" }""");
        await late.ProblemAsync(504);
        await IsLostAsync(server, "a batch does not end");
        Assert.Contains(server.Log.Entries, entry => entry.Level == LogLevel.Critical && entry.Message.Contains("Limits:HungSeconds is 6", StringComparison.Ordinal));

        // What needs no device is still answered, until the process ends.
        Assert.Equal(HttpStatusCode.OK, (await server.Client.AskAsync("/v1/images/plain.jpg")).StatusCode);
        hanging.Release();
        await hung;
    }

    [Fact]
    [Trait("Promise", "13")]
    public async Task A_lost_context_turns_liveness_red_and_a_device_that_merely_fails_does_not()
    {
        await using var server = await StartAsync(replace: services => services.AddSingleton<DeviceContext, LostContext>());
        var device = FailingDevice.Of(server);
        var context = (LostContext)server.App.Services.GetRequiredService<DeviceContext>();
        await FailUntilAsync(device, () => Task.FromResult(context.Asked > 3));
        Assert.Equal(HttpStatusCode.OK, (await server.Client.AskAsync("/health/live")).StatusCode);

        context.IsLost = true;
        await FailUntilAsync(device, async () => (await server.Client.AskAsync("/health/live")).StatusCode == HttpStatusCode.ServiceUnavailable);
        await IsLostAsync(server, "the context of the device is lost");
        Assert.Contains(server.Log.Entries, entry => entry.Level == LogLevel.Critical && entry.Message.Contains("illegal memory access", StringComparison.Ordinal));
    }

    [Fact]
    [Trait("Promise", "11")]
    public async Task A_replica_that_is_to_compute_on_a_device_that_is_not_there_says_so_and_never_computes_elsewhere()
    {
        var options = RunningServer.Options(Repository.Bundle, fixture.Index);
        await using var server = await RunningServer.StartAsync(options with { Inference = options.Inference with { Provider = ProviderChoice.Cuda, ProviderLibrary = "/nowhere/provider.so" } });
        await Eventually.TrueAsync(async () => (await server.Client.GetStringAsync(new Uri("/metrics", UriKind.Relative))).Contains("retrieval_ready{} 0", StringComparison.Ordinal), "it has started");
        string text = "";
        await Eventually.TrueAsync(
            async () =>
            {
                using var ready = await server.Client.AskAsync("/health/ready");
                Assert.Equal(HttpStatusCode.ServiceUnavailable, ready.StatusCode);
                text = await ready.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
                return text.Contains("provider", StringComparison.Ordinal);
            },
            "the reason is there");
        Assert.Contains("cuda", text, StringComparison.OrdinalIgnoreCase);
        await (await server.Client.AskAsync("/v1/model")).ProblemAsync(503);
    }

    [Fact]
    [Trait("Promise", "13")]
    public async Task A_bank_that_does_not_fit_is_refused_with_the_arithmetic()
    {
        var options = RunningServer.Options(Repository.Bundle, fixture.Index);
        await using var server = await RunningServer.StartAsync(options with { Inference = options.Inference with { BankPlacement = BankPlacement.Resident, DeviceMemoryBytes = 4096 } });
        await Eventually.TrueAsync(
            async () =>
            {
                using var ready = await server.Client.AskAsync("/health/ready");
                var text = await ready.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
                return text.Contains("bank", StringComparison.Ordinal) && text.Contains('×', StringComparison.Ordinal);
            },
            "the arithmetic is there");
    }

    [Fact]
    public async Task A_resident_bank_answers_as_the_mapped_one_does_and_is_reported()
    {
        var options = RunningServer.Options(Repository.Bundle, fixture.Index);
        await using var server = await RunningServer.StartAsync(options with { Inference = options.Inference with { BankPlacement = BankPlacement.Resident } });
        await server.ReadyAsync();
        var ask = """{ "caption": "w4 w5", "top": 20 }""";
        var (resident, mapped) = (await server.Client.AnswerAsync("/v1/search/images", ask), await fixture.Client.AnswerAsync("/v1/search/images", ask));
        Assert.Equal(mapped["hits"]!.ToJsonString(), resident["hits"]!.ToJsonString());
        using var response = await server.Client.AskAsync("/v1/model");
        var model = await response.BodyAsync(200);
        Assert.All(model["banks"]!.AsArray(), bank => Assert.True((long)bank!["residentBytes"]! >= (long)bank["bytes"]! && (long)bank["bytes"]! > 0));
        Assert.True(await server.MetricAsync("retrieval_bank_resident_bytes{side=\"image\"}") > 0);
    }

    // Fails again and again, as a device does that is asked, while something is looked for.
    private static Task FailUntilAsync(WorkScheduler device, Func<Task<bool>> found) => Eventually.TrueAsync(
        async () =>
        {
            for (var i = 0; i < 20; i++)
            {
                await new FailingDevice(kills: false).FailOnceAsync(device);
            }

            return await found();
        },
        "it is seen");

    private static async Task IsLostAsync(RunningServer server, string reason)
    {
        await Eventually.TrueAsync(async () => (await server.Client.AskAsync("/health/live")).StatusCode == HttpStatusCode.ServiceUnavailable, "liveness is red");
        using var live = await server.Client.AskAsync("/health/live");
        var reasons = (await live.ProblemAsync(503))["reasons"]!.ToJsonString();
        Assert.Contains(reason, reasons, StringComparison.Ordinal);
        Assert.DoesNotContain("illegal memory access", reasons, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await server.Client.AskAsync("/health/ready")).StatusCode);
    }

    private static async Task<bool> IsRedAsync(RunningServer server)
    {
        for (var look = 0; look < 50; look++)
        {
            using var ready = await server.Client.AskAsync("/health/ready");
            if (ready.StatusCode == HttpStatusCode.ServiceUnavailable)
            {
                var reasons = (await ready.ProblemAsync(503))["reasons"]!.ToJsonString();
                Assert.Contains("fails call after call", reasons, StringComparison.Ordinal);
                return true;
            }

            await Task.Delay(50, TestContext.Current.CancellationToken);
        }

        return false;
    }

    private async Task<RunningServer> StartAsync(double hungSeconds = 120, Action<IServiceCollection>? replace = null)
    {
        var server = await RunningServer.StartAsync(RunningServer.Options(Repository.Bundle, fixture.Index) with { Limits = new LimitsOptions { HungSeconds = hungSeconds, RequestTimeoutSeconds = hungSeconds / 2 } }, replace);
        return await server.ReadyAsync();
    }
}
