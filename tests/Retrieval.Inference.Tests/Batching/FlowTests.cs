using Retrieval.Inference.Scheduling;

namespace Retrieval.Inference.Tests.Batching;

/// <summary>Requests of several callers share the device by caller, not by how many they send.</summary>
public sealed class FlowTests
{
    private static readonly WorkLimits Noisy = new() { Flow = "noisy" };
    private static readonly WorkLimits Quiet = new() { Flow = "quiet" };

    private readonly ManualTime _time = new();

    [Fact]
    public async Task A_caller_who_asks_once_goes_before_the_rest_of_another_callers_burst()
    {
        var device = Device(10);
        using var queue = new WorkScheduler(time: _time);
        var burst = Enumerable.Range(0, 9).Select(i => queue.RunAsync(device.Work($"n{i}", 10, Noisy))).ToList();
        await Eventually.TrueAsync(() => device.Calls.Count == 1, "the first call runs");
        var asked = queue.RunAsync(device.Work("q", 10, Quiet));
        device.Step(100);
        await asked;
        await Task.WhenAll(burst);
        Assert.Equal("q[0..10)", device.Calls[1]);
        Assert.Equal(Enumerable.Range(1, 8).Select(i => $"n{i}[0..10)"), device.Calls.Skip(2));
    }

    [Fact]
    public async Task Callers_get_equal_shares_whatever_the_size_and_number_of_their_requests()
    {
        var device = Device(10);
        using var queue = new WorkScheduler(time: _time);
        var work = new List<Task<int>> { queue.RunAsync(device.Work("first", 10)) };
        await Eventually.TrueAsync(() => device.Calls.Count == 1, "the first call runs");
        work.AddRange(Enumerable.Range(0, 40).Select(i => queue.RunAsync(device.Work("n", 10, Noisy))));
        work.AddRange(Enumerable.Range(0, 10).Select(i => queue.RunAsync(device.Work("q", 20, Quiet))));
        work.Add(queue.RunAsync(device.Work("o", 200, new WorkLimits { Flow = "other" })));
        device.Step(1000);
        await Task.WhenAll(work);

        // While all three have work, each has a third of the calls, give or take its largest request.
        var calls = device.Calls.Skip(1).Take(36).Select(call => call[0]).ToList();
        Assert.InRange(calls.Count(call => call == 'n'), 9, 24);
        Assert.InRange(calls.Count(call => call == 'q'), 9, 24);
        var together = device.Calls.Skip(1).Select(call => call[0]).ToList();
        Assert.InRange(together.LastIndexOf('q'), 38, 60);
        Assert.InRange(together.LastIndexOf('o'), 38, 62);
        Assert.Equal('n', together[^1]);
    }

    [Fact]
    public async Task Within_a_caller_a_small_request_still_overtakes_a_large_one()
    {
        var device = Device(10);
        using var queue = new WorkScheduler(time: _time);
        var large = queue.RunAsync(device.Work("large", 1000, Noisy));
        await Eventually.TrueAsync(() => device.Calls.Count == 1, "the large one runs");
        var small = queue.RunAsync(device.Work("small", 10, Noisy));
        device.Step(1000);
        await Task.WhenAll(small, large);
        Assert.Equal("small[0..10)", device.Calls[1]);
    }

    [Fact]
    public async Task What_comes_while_a_batch_runs_is_considered_where_nothing_is_assembled_ahead()
    {
        var device = Device(10);
        using var queue = new WorkScheduler(time: _time);
        var large = queue.RunAsync(device.Work("large", 30));
        await Eventually.TrueAsync(() => device.Calls.Count == 1, "the large one runs");
        Assert.Equal(["large[0..10)"], device.Assembled);
        var small = queue.RunAsync(device.Work("small", 2));
        device.Step(10);
        await Task.WhenAll(small, large);
        Assert.Equal(["large[0..10)", "small[0..2) large[10..18)", "large[18..28)", "large[28..30)"], device.Calls);
    }

    [Fact]
    public async Task While_callers_share_the_device_a_batch_is_no_longer_than_its_quantum()
    {
        var device = Device(100);
        using var queue = new WorkScheduler(time: _time);

        // A thousand units a second: the quantum is 2 ms, and 8 units at least.
        await RunAsync(device, queue, 100, "n", Noisy);
        var alone = queue.RunAsync(device.Work("alone", 100, Noisy));
        device.Step();
        await alone;
        Assert.Equal("alone[0..100)", device.Calls[^1]);

        // A rest of less than half of it goes along.
        await RunAsync(device, queue, 1, "q", Quiet);
        var shared = queue.RunAsync(device.Work("shared", 28, Noisy));
        device.Step(3);
        await shared;
        Assert.Equal(["shared[0..8)", "shared[8..16)", "shared[16..28)"], device.Calls.TakeLast(3));

        _time.Advance(TimeSpan.FromMinutes(2));
        var again = queue.RunAsync(device.Work("again", 100, Noisy));
        device.Step();
        await again;
        Assert.Equal("again[0..100)", device.Calls[^1]);
    }

    [Fact]
    public async Task A_caller_who_asks_for_less_than_its_share_goes_before_a_long_request_and_in_turns_once_it_asks_for_more()
    {
        var device = Device(100);
        using var queue = new WorkScheduler(time: _time);
        await RunAsync(device, queue, 100, "n", Noisy);
        await RunAsync(device, queue, 1, "q", Quiet);
        var work = new List<Task<int>> { queue.RunAsync(device.Work("n", 80, Noisy)) };
        for (var i = 0; i < 16; i++)
        {
            // Each while another call runs, as the parts of a query come.
            await Eventually.TrueAsync(() => device.Calls.Count == i + 3, "the next call runs");
            work.Add(queue.RunAsync(device.Work("q", 8, Quiet)));
            device.Step();
        }

        device.Step(100);
        await Task.WhenAll(work);
        var order = string.Concat(device.Calls.Skip(2).Select(call => call[0]));
        Assert.StartsWith("nqq", order, StringComparison.Ordinal);
        Assert.Contains("nqnqnqnqnq", order, StringComparison.Ordinal);
        Assert.DoesNotContain("qqqqq", order[..16], StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_a_caller_has_saved_is_bounded_however_long_it_was_away()
    {
        var device = Device(100);
        using var queue = new WorkScheduler(time: _time);
        await RunAsync(device, queue, 100, "n", Noisy);
        await RunAsync(device, queue, 1, "q", Quiet);
        for (var i = 0; i < 5; i++)
        {
            await RunAsync(device, queue, 1000, "n", Noisy, calls: 125);
        }

        var running = queue.RunAsync(device.Work("n", 80, Noisy));
        var began = device.Calls.Count;
        await Eventually.TrueAsync(() => device.Calls.Count > began - 1, "it runs");
        var waiting = queue.RunAsync(device.Work("q", 80, Quiet));
        device.Step(100);
        await Task.WhenAll(running, waiting);

        // Two batches saved, and one that the other has had since.
        var order = string.Concat(device.Calls.TakeLast(20).Select(call => call[0])).TrimStart('n');
        Assert.InRange(order.IndexOf('n', StringComparison.Ordinal), 1, 4);
    }

    [Fact]
    public async Task A_short_batch_takes_no_other_caller_in_once_the_part_of_it_that_is_enough_is_reached()
    {
        var device = new FakeDevice(100) { Stepped = true, AssemblesAhead = false, Enough = 50 };
        using var queue = new WorkScheduler(time: _time);
        await RunAsync(device, queue, 100, "n", Noisy, calls: 1);
        await RunAsync(device, queue, 1, "q", Quiet);
        var first = queue.RunAsync(device.Work("first", 8));
        await Eventually.TrueAsync(() => device.Calls.Count == 3, "it runs");
        Task[] work = [queue.RunAsync(device.Work("n", 40, Noisy)), queue.RunAsync(device.Work("q", 5, Quiet))];
        device.Step(20);
        await Task.WhenAll([first, .. work]);
        Assert.Equal("q[0..5)", device.Calls[3]);
    }

    [Fact]
    public async Task Callers_who_leave_take_their_flow_with_them()
    {
        var device = Device(10);
        using var queue = new WorkScheduler(time: _time);
        var first = queue.RunAsync(device.Work("first", 10));
        await Eventually.TrueAsync(() => device.Calls.Count == 1, "the first call runs");
        using var gone = new CancellationTokenSource();
        var left = Enumerable.Range(0, 100).Select(i => queue.RunAsync(device.Work("left", 10, new WorkLimits { Flow = $"{i}", Caller = gone.Token }))).ToList();
        var stays = queue.RunAsync(device.Work("stays", 10, Quiet));
        Assert.Equal(101, queue.State.Waiting);
        await gone.CancelAsync();
        Assert.Equal(1, queue.State.Waiting);
        device.Step(10);
        await Task.WhenAll(first, stays);
        Assert.All(left, task => Assert.True(task.IsCanceled));
        Assert.Equal(["first[0..10)", "stays[0..10)"], device.Calls);
    }

    [Fact]
    public async Task Who_leaves_a_running_batch_does_not_take_out_who_came_after_it()
    {
        var device = Device(10);
        using var queue = new WorkScheduler(time: _time);
        using var gone = new CancellationTokenSource();
        var leaves = queue.RunAsync(device.Work("leaves", 10, new WorkLimits { Caller = gone.Token }));
        await Eventually.TrueAsync(() => device.Calls.Count == 1, "it runs, and nobody waits");
        var stays = queue.RunAsync(device.Work("stays", 10));
        await gone.CancelAsync();
        Assert.Equal(1, queue.State.Waiting);
        device.Step(2);
        Assert.Equal(10, await stays);
        await Task.WhenAny(leaves);
        Assert.Equal(["leaves[0..10)", "stays[0..10)"], device.Calls);
    }

    // A unit takes a millisecond.
    private async Task RunAsync(FakeDevice device, WorkScheduler queue, int units, string name, WorkLimits limits, int calls = 1)
    {
        var before = device.Calls.Count;
        var work = queue.RunAsync(device.Work(name, units, limits));
        for (var call = 1; call <= calls; call++)
        {
            await Eventually.TrueAsync(() => device.Calls.Count == before + call, "the call runs");
            _time.Advance(TimeSpan.FromMilliseconds(units / (double)calls));
            device.Step();
        }

        await work;
    }

    private static FakeDevice Device(int maxBatchSize) => new(maxBatchSize) { Stepped = true, AssemblesAhead = false };
}
