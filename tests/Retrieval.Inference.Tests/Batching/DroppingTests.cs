using Retrieval.Inference.Scheduling;

namespace Retrieval.Inference.Tests.Batching;

public sealed class DroppingTests
{
    private readonly ManualTime _time = new();
    private readonly FakeDevice _device = new(4) { Stepped = true };

    [Fact]
    [Trait("Promise", "3")]
    public async Task Who_leaves_while_waiting_costs_nothing()
    {
        using var queue = new WorkScheduler(time: _time);
        using var left = new CancellationTokenSource();
        var first = queue.RunAsync(_device.Work("a", 4));
        await Eventually.TrueAsync(() => _device.Calls.Count == 1, "the call runs");
        var ahead = queue.RunAsync(_device.Work("b", 4));
        await Eventually.TrueAsync(() => _device.Assembled.Count == 2, "the next is ready");
        var gone = queue.RunAsync(_device.Work("gone", 400, new WorkLimits { Caller = left.Token }));
        var last = queue.RunAsync(_device.Work("c", 4));
        await left.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => gone);
        _device.Step(3);
        await Task.WhenAll(first, ahead, last);
        Assert.DoesNotContain(_device.Assembled, call => call.Contains("gone", StringComparison.Ordinal));
    }

    [Fact]
    [Trait("Promise", "3")]
    public async Task Who_leaves_when_the_call_is_ready_is_taken_out_of_it_before_it_runs()
    {
        using var queue = new WorkScheduler(time: _time);
        using var left = new CancellationTokenSource();
        var turn = await queue.AcquireExclusiveAsync(1, CancellationToken.None);
        var gone = queue.RunAsync(_device.Work("gone", 2, new WorkLimits { Caller = left.Token }));
        var stays = queue.RunAsync(_device.Work("stays", 2));
        await Eventually.TrueAsync(() => _device.Assembled.Count == 1 && queue.State.Waiting <= 1, "a call is ready");
        await left.CancelAsync();
        turn.Dispose();
        _device.Step(4);
        await stays;
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => gone);
        Assert.DoesNotContain(_device.Calls, call => call.Contains("gone", StringComparison.Ordinal));
    }

    [Fact]
    [Trait("Promise", "2")]
    public async Task What_was_done_before_the_deadline_is_given_and_nothing_starts_after_it()
    {
        using var queue = new WorkScheduler(time: _time);

        // No timer here: the last look before each call must do by itself.
        var deadline = _time.GetTimestamp() + TimeSpan.FromSeconds(1).Ticks;
        var work = queue.RunAsync(_device.Work("a", 100, new WorkLimits { DeadlineAt = deadline }));
        _device.Step(2);
        await Eventually.TrueAsync(() => _device.Calls.Count == 3, "two calls are done and the third runs");
        _time.Advance(TimeSpan.FromSeconds(1));
        _device.Step();
        Assert.Equal(12, await work);
        Assert.Equal(3, _device.Calls.Count);
        Assert.Equal(0, queue.State.Waiting);
    }

    [Fact]
    [Trait("Promise", "2")]
    public async Task A_deadline_that_passes_in_the_queue_ends_the_wait_though_the_device_is_busy()
    {
        using var queue = new WorkScheduler(time: _time);
        using var passed = new CancellationTokenSource();
        using var turn = await queue.AcquireExclusiveAsync(1, CancellationToken.None);
        var first = queue.RunAsync(_device.Work("first", 4));
        await Eventually.TrueAsync(() => _device.Assembled.Count == 1, "a call is ready");
        var late = queue.RunAsync(_device.Work("late", 10, new WorkLimits { Deadline = passed.Token }));
        await passed.CancelAsync();
        Assert.Equal(0, await late);
        Assert.False(first.IsCompleted);
        _device.Step(10);
    }

    [Fact]
    public async Task Who_gives_up_a_call_that_is_ready_does_not_wait_for_the_one_that_runs()
    {
        using var queue = new WorkScheduler(time: _time);
        using var gone = new CancellationTokenSource();
        using var turn = await queue.AcquireExclusiveAsync(1, CancellationToken.None);
        var left = queue.RunAsync(_device.Work("left", 2, new WorkLimits { Caller = gone.Token }));
        var late = queue.RunAsync(_device.Work("late", 2, new WorkLimits { Deadline = gone.Token }));
        await Eventually.TrueAsync(() => _device.Assembled.Count == 1, "a call is ready");
        await gone.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => left);
        Assert.Equal(0, await late);
        Assert.Empty(_device.Calls);
    }

    [Fact]
    public async Task A_token_that_was_cancelled_before_never_enters()
    {
        using var queue = new WorkScheduler(time: _time);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => queue.RunAsync(_device.Work("a", 4, new WorkLimits { Caller = new CancellationToken(true) })));
        Assert.Equal(0, await queue.RunAsync(_device.Work("b", 4, new WorkLimits { Deadline = new CancellationToken(true) })));
        Assert.Empty(_device.Assembled);
    }

    [Fact]
    public async Task A_turn_whose_taker_leaves_is_not_given()
    {
        using var queue = new WorkScheduler(time: _time);
        using var left = new CancellationTokenSource();
        var turn = await queue.AcquireExclusiveAsync(1, CancellationToken.None);
        var waiting = queue.AcquireExclusiveAsync(1, left.Token);
        await left.CancelAsync();
        turn.Dispose();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        (await queue.AcquireExclusiveAsync(1, CancellationToken.None)).Dispose();
    }

    [Fact]
    [Trait("Promise", "3")]
    public async Task Whoever_comes_and_goes_every_task_ends_and_nothing_stays()
    {
        var device = new FakeDevice(16);
        using var queue = new WorkScheduler();
        var random = new Random(11);
        var work = new List<Task<int>>();
        var sources = new List<CancellationTokenSource>();
        for (var i = 0; i < 3000; i++)
        {
            var (caller, deadline) = (new CancellationTokenSource(), new CancellationTokenSource());
            sources.AddRange([caller, deadline]);
            work.Add(queue.RunAsync(device.Work($"w{i}", random.Next(1, 60), new WorkLimits { Caller = caller.Token, Deadline = deadline.Token })));
            if (random.Next(3) == 0)
            {
                await sources[random.Next(sources.Count)].CancelAsync();
            }
        }

        foreach (var task in work)
        {
            await ((Task)task).WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
            Assert.True(task.IsCompleted);
            Assert.False(task.IsFaulted);
        }

        Assert.Equal((0, 0L), (queue.State.Waiting, queue.State.WaitingCost));
        Assert.False(device.Overlapped);
        sources.ForEach(source => source.Dispose());
    }
}
