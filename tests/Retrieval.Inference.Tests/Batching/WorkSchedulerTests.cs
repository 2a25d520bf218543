using Retrieval.Inference.Scheduling;

namespace Retrieval.Inference.Tests.Batching;

public sealed class WorkSchedulerTests
{
    private readonly ManualTime _time = new();

    [Fact]
    public async Task What_comes_while_a_call_runs_shares_the_next_one()
    {
        var device = new FakeDevice(8) { Stepped = true };
        using var queue = new WorkScheduler(time: _time);
        var first = queue.RunAsync(device.Work("a", 2));
        await Eventually.TrueAsync(() => device.Calls.Count == 1, "the first call runs");
        var held = queue.RunAsync(device.Work("b", 3));
        await Eventually.TrueAsync(() => device.Assembled.Count == 2, "the next call is put together meanwhile");
        Task<int>[] rest = [.. "cdef".Select(name => queue.RunAsync(device.Work($"{name}", 3)))];
        device.Step(10);
        var done = await Task.WhenAll([first, held, .. rest]);
        Assert.Equal([2, 3, 3, 3, 3, 3], done);
        Assert.Equal(["a[0..2)", "b[0..3)", "c[0..3) d[0..3) e[0..2)", "e[2..3) f[0..3)"], device.Calls);
        Assert.False(device.Overlapped);
    }

    [Fact]
    public async Task A_call_that_is_large_enough_is_left_to_its_request()
    {
        var device = new FakeDevice(8) { Stepped = true, Enough = 4 };
        using var queue = new WorkScheduler(time: _time);
        var first = queue.RunAsync(device.Work("a", 5));
        await Eventually.TrueAsync(() => device.Calls.Count == 1, "the first call runs");
        var ready = queue.RunAsync(device.Work("r", 5));
        await Eventually.TrueAsync(() => device.Assembled.Count == 2, "the next is ready");
        Task<int>[] work = [first, ready, .. "bcd".Select(name => queue.RunAsync(device.Work($"{name}", name == 'c' ? 2 : 5)))];
        device.Step(10);
        await Task.WhenAll(work);
        Assert.Equal(["a[0..5)", "r[0..5)", "c[0..2) b[0..5)", "d[0..5)"], device.Calls);
    }

    [Fact]
    public async Task One_call_is_assembled_ahead_and_no_more()
    {
        var device = new FakeDevice(1) { Stepped = true };
        using var queue = new WorkScheduler(time: _time);
        var work = queue.RunAsync(device.Work("a", 5));
        for (var done = 0; done < 5; done++)
        {
            await Eventually.TrueAsync(() => device.Assembled.Count == Math.Min(done + 2, 5), "one is ahead");
            await Eventually.TrueAsync(() => device.Calls.Count > done, "it runs");
            Assert.Equal(done + 1, device.Calls.Count);
            device.Step();
            await Eventually.TrueAsync(() => device.Calls.Count == Math.Min(done + 2, 5), "the next one runs");
        }

        Assert.Equal(5, await work);
    }

    [Fact]
    public async Task Work_of_different_lanes_never_shares_a_call()
    {
        var (one, other) = (new FakeDevice(8), new FakeDevice(8));
        using var queue = new WorkScheduler(time: _time);
        Task<int>[] work;
        using (await queue.AcquireExclusiveAsync(1, CancellationToken.None))
        {
            work = [.. new[] { one.Work("a", 2), other.Work("x", 2), one.Work("b", 2), other.Work("y", 2) }.Select(queue.RunAsync)];
            await Eventually.TrueAsync(() => queue.State.Waiting <= 3, "one call is assembled");
        }

        var done = await Task.WhenAll(work);
        Assert.Equal([2, 2, 2, 2], done);
        Assert.Equal("a b", Names(one));
        Assert.Equal("x y", Names(other));

        static string Names(FakeDevice device) => string.Join(' ', device.Calls.SelectMany(call => call.Split(' ')).Select(slice => slice[..slice.IndexOf('[', StringComparison.Ordinal)]).Order());
    }

    [Fact]
    public async Task A_large_request_does_not_stall_small_ones_nor_starve()
    {
        var device = new FakeDevice(10) { Stepped = true };
        using var queue = new WorkScheduler(time: _time);
        var order = new List<string>();
        async Task Note(string name, int units)
        {
            await queue.RunAsync(device.Work(name, units));
            lock (order)
            {
                order.Add(name);
            }
        }

        var large = Note("large", 1000);
        await Eventually.TrueAsync(() => device.Assembled.Count == 2, "the large one is under way");

        // A stream of small requests that by itself would fill the device for ever.
        var small = new List<Task>();
        var smallBeforeLarge = 0;
        while (!large.IsCompleted)
        {
            small.Add(Note("small", 50));
            smallBeforeLarge += large.IsCompleted ? 0 : 1;
            var calls = device.Calls.Count;
            device.Step(5);
            await Eventually.TrueAsync(() => device.Calls.Count >= calls + 5 || large.IsCompleted, "five calls ran");
            Assert.True(smallBeforeLarge < 100, "the large request starves");
        }

        device.Step(10_000);
        await Task.WhenAll(small);
        lock (order)
        {
            Assert.Equal("small", order[0]);

            // One small one waits at a time, so each has half of the device: 1000 units are 20 small requests, twice.
            Assert.InRange(order.IndexOf("large"), 10, 45);
        }
    }

    [Fact]
    public async Task Requests_of_one_size_are_served_as_they_came_each_as_a_whole()
    {
        var device = new FakeDevice(10) { Stepped = true };
        using var queue = new WorkScheduler(time: _time);
        Task<int>[] work = [.. "abcd".Select(name => queue.RunAsync(device.Work($"{name}", 20)))];
        device.Step(100);
        await Task.WhenAll(work);
        Assert.Equal(["a[0..10)", "a[10..20)", "b[0..10)", "b[10..20)", "c[0..10)", "c[10..20)", "d[0..10)", "d[10..20)"], device.Calls);
    }

    [Fact]
    public async Task A_request_in_many_small_pieces_is_a_large_one()
    {
        var device = new FakeDevice(10) { Stepped = true, Enough = 1 };
        using var queue = new WorkScheduler(time: _time);
        var turn = await queue.AcquireExclusiveAsync(1, CancellationToken.None);
        var ready = queue.RunAsync(device.Work("ready", 1));
        await Eventually.TrueAsync(() => device.Assembled.Count == 1, "a call is ready");
        Task<int>[] parts = [.. Enumerable.Range(0, 5).Select(i => queue.RunAsync(device.Work($"part{i}", 1, new WorkLimits { RequestCost = 1000 })))];
        var small = queue.RunAsync(device.Work("small", 9));
        turn.Dispose();
        device.Step(20);
        await Task.WhenAll([ready, small, .. parts]);
        Assert.Equal("small[0..9)", device.Calls[1]);
    }

    [Fact]
    public async Task A_turn_is_alone_and_given_back()
    {
        var device = new FakeDevice(8);
        using var queue = new WorkScheduler(time: _time);
        var turn = await queue.AcquireExclusiveAsync(5, CancellationToken.None);
        var work = queue.RunAsync(device.Work("a", 2));
        var second = queue.AcquireExclusiveAsync(1000, CancellationToken.None);
        await Eventually.TrueAsync(() => device.Assembled.Count == 1, "the work is put together");
        Assert.Empty(device.Calls);
        Assert.False(second.IsCompleted);
        turn.Dispose();
        turn.Dispose();
        Assert.Equal(2, await work);
        (await second).Dispose();
    }

    [Fact]
    public async Task The_state_says_what_waits_and_for_how_long()
    {
        var device = new FakeDevice(1) { Stepped = true };
        using var queue = new WorkScheduler(100, _time);
        Assert.Equal((0, 0, 0), (queue.State.Waiting, queue.State.WaitingCost, queue.State.OldestSeconds));
        using var place = queue.Admit(30);
        var work = queue.RunAsync(device.Work("a", 5));
        await Eventually.TrueAsync(() => device.Assembled.Count == 2, "one call runs and one is ready");
        _time.Advance(TimeSpan.FromSeconds(3));
        Assert.Equal((1, 3, 3), (queue.State.Waiting, queue.State.WaitingCost, queue.State.OldestSeconds));
        Assert.Equal((30, 100), (queue.State.Admitted, queue.State.MostAdmitted));
        device.Step(5);
        await work;
        Assert.Equal(0, queue.State.Waiting);
    }
}
