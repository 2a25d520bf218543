using Retrieval.Inference.Scheduling;

namespace Retrieval.Inference.Tests.Batching;

public sealed class WorkerFaultTests
{
    [Fact]
    public async Task Who_is_to_blame_for_a_failed_call_fails_alone()
    {
        var device = new FakeDevice(8) { Stepped = true, Poison = ("bad", new InvalidOperationException("poisoned")) };
        using var queue = new WorkScheduler();
        var first = queue.RunAsync(device.Work("first", 8));
        await Eventually.TrueAsync(() => device.Calls.Count == 1, "the call runs");
        var ahead = queue.RunAsync(device.Work("ahead", 8));
        await Eventually.TrueAsync(() => device.Assembled.Count == 2, "the next is ready");
        var good = queue.RunAsync(device.Work("good", 3));
        var bad = queue.RunAsync(device.Work("bad", 2));
        var other = queue.RunAsync(device.Work("other", 3));
        device.Step(10);
        var done = await Task.WhenAll(first, ahead, good, other);
        Assert.Equal([8, 8, 3, 3], done);
        Assert.Equal("poisoned", (await Assert.ThrowsAsync<InvalidOperationException>(() => bad)).Message);
        Assert.Contains("bad[0..2) good[0..3) other[0..3)", device.Calls);
    }

    [Fact]
    public async Task Who_is_late_or_gone_when_a_failed_call_is_tried_again_is_not_run()
    {
        using var gone = new CancellationTokenSource();
        var device = new FakeDevice(8) { Stepped = true, Poison = ("bad", new InvalidOperationException("poisoned")) };
        using var queue = new WorkScheduler();
        var turn = await queue.AcquireExclusiveAsync(1, CancellationToken.None);
        var ready = queue.RunAsync(device.Work("ready", 8));
        await Eventually.TrueAsync(() => device.Assembled.Count == 1, "a call is ready");
        var bad = queue.RunAsync(device.Work("bad", 2));
        var left = queue.RunAsync(device.Work("left", 2, new WorkLimits { Caller = gone.Token }));
        var late = queue.RunAsync(device.Work("late", 2, new WorkLimits { Deadline = gone.Token }));
        turn.Dispose();
        device.Step();
        await Eventually.TrueAsync(() => device.Calls.Count == 2, "the shared call runs");
        await gone.CancelAsync();
        device.Step(5);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => left);
        Assert.Equal(0, await late);
        await Assert.ThrowsAsync<InvalidOperationException>(() => bad);
        Assert.Equal(["ready[0..8)", "bad[0..2) left[0..2) late[0..2)", "bad[0..2)"], device.Calls);
        Assert.Equal(8, await ready);
        Assert.Equal(0, queue.State.FailedCalls);
    }

    [Fact]
    public async Task Who_cannot_be_put_into_a_call_fails_alone()
    {
        var device = new FakeDevice(8) { Unassemblable = "bad" };
        using var queue = new WorkScheduler();
        var turn = await queue.AcquireExclusiveAsync(1, CancellationToken.None);
        var ready = queue.RunAsync(device.Work("ready", 8));
        await Eventually.TrueAsync(() => device.Assembled.Count == 1, "a call is ready");
        Task<int>[] good = [ready, queue.RunAsync(device.Work("good", 2)), queue.RunAsync(device.Work("other", 3))];
        var bad = queue.RunAsync(device.Work("bad", 2));
        turn.Dispose();
        var done = await Task.WhenAll(good);
        Assert.Equal([8, 2, 3], done);
        await Assert.ThrowsAsync<InvalidDataException>(() => bad);
    }

    [Fact]
    public async Task A_fault_of_the_device_fails_the_call_and_the_next_one_is_done()
    {
        var device = new FakeDevice(8) { Poison = ("a", new InferenceException("graph", "out of memory", deviceFault: true)) };
        using var queue = new WorkScheduler();
        await Assert.ThrowsAsync<InferenceException>(() => queue.RunAsync(device.Work("a", 20)));
        Assert.Equal(1, queue.State.FailedCalls);
        Assert.NotNull(queue.State.LastFault);
        (await queue.AcquireExclusiveAsync(1, CancellationToken.None)).Dispose();
        Assert.Equal(3, await queue.RunAsync(new FakeDevice(8) { Kind = "encode" }.Work("c", 3)));
        Assert.Equal(1, queue.State.FailedCalls);
        Assert.Equal(20, await queue.RunAsync(device.Work("b", 20)));
        Assert.Equal(0, queue.State.FailedCalls);
        Assert.Null(queue.State.LastFault);
    }

    [Fact]
    public async Task A_worker_that_dies_is_started_again()
    {
        var device = new FakeDevice(8);
        var broken = new FakeDevice(8) { Broken = 3 };
        using var queue = new WorkScheduler();
        Assert.Equal(2, await queue.RunAsync(broken.Work("a", 2)));
        Assert.Equal(3, queue.State.Restarts);
        Assert.Equal(2, await queue.RunAsync(device.Work("b", 2)));
        Assert.Null(queue.State.Stopped);
    }

    [Fact]
    public async Task A_worker_that_goes_on_dying_stops_the_queue_and_says_why()
    {
        var broken = new FakeDevice(8) { Broken = int.MaxValue };
        using var queue = new WorkScheduler();
        var victim = queue.RunAsync(broken.Work("a", 2));
        var stopped = await Assert.ThrowsAsync<DeviceStoppedException>(() => victim);
        Assert.Contains("not foreseen", stopped.Message, StringComparison.Ordinal);
        Assert.Contains("not foreseen", queue.State.Stopped, StringComparison.Ordinal);
        await Assert.ThrowsAsync<DeviceStoppedException>(async () => await queue.RunAsync(new FakeDevice(8).Work("b", 2)));
    }

    [Fact]
    public async Task At_the_end_the_call_that_runs_ends_and_what_waits_is_told()
    {
        var device = new FakeDevice(4) { Stepped = true };
        var queue = new WorkScheduler();
        var running = queue.RunAsync(device.Work("a", 4));
        await Eventually.TrueAsync(() => device.Calls.Count == 1, "the call runs");
        var ready = queue.RunAsync(device.Work("b", 4));
        await Eventually.TrueAsync(() => device.Assembled.Count == 2, "the next is ready");
        var waiting = queue.RunAsync(device.Work("c", 4));
        var end = Task.Run(queue.Dispose, TestContext.Current.CancellationToken);
        await Assert.ThrowsAsync<DeviceStoppedException>(() => waiting);
        device.Step(4);
        await end;
        Assert.Equal(4, await running);

        // The end may come before what is assembled has been handed over.
        if (await Record.ExceptionAsync(() => ready) is { } stopped)
        {
            Assert.IsType<DeviceStoppedException>(stopped);
        }
        else
        {
            Assert.Equal(4, await ready);
        }

        await Assert.ThrowsAsync<DeviceStoppedException>(async () => await queue.RunAsync(device.Work("d", 4)));
    }
}
