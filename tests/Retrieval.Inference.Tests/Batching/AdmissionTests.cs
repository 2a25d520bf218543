using Retrieval.Inference.Batching;

namespace Retrieval.Inference.Tests.Batching;

public sealed class AdmissionTests
{
    [Fact]
    public void what_does_not_fit_is_refused_at_once_and_fits_when_room_is_given_back()
    {
        using var queue = new DeviceScheduler(100);
        using var first = queue.Admit(50);
        var between = queue.Admit(10);
        var second = queue.Admit(40);
        var refused = Assert.Throws<OverloadedException>(() => queue.Admit(1));
        Assert.Contains("100", refused.Message, StringComparison.Ordinal);
        Assert.InRange(refused.RetryAfter, TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(1));
        second.Dispose();
        second.Dispose();
        Assert.Equal(60, queue.State.Admitted);
        queue.Admit(40).Dispose();
        Assert.Equal(60, queue.State.Admitted);
        between.Dispose();
    }

    [Fact]
    public void a_large_request_counts_as_half_the_bound_and_leaves_room_for_small_ones()
    {
        using var queue = new DeviceScheduler(100);
        using var small = queue.Admit(50);
        using (queue.Admit(1000))
        {
            Assert.Equal(100, queue.State.Admitted);
            Assert.Throws<OverloadedException>(() => queue.Admit(1));
        }

        Assert.Equal(50, queue.State.Admitted);
        using var other = queue.Admit(1);
        Assert.Throws<OverloadedException>(() => queue.Admit(1000));
    }

    [Fact]
    public async Task retry_after_is_the_time_the_work_will_take()
    {
        var time = new ManualTime();
        var device = new FakeDevice(100) { Stepped = true };
        using var queue = new DeviceScheduler(1000, time);
        var work = queue.RunAsync(device.Work("a", 100));
        await Eventually.TrueAsync(() => device.Calls.Count == 1, "the call runs");
        time.Advance(TimeSpan.FromSeconds(2));
        device.Step();
        await work;
        using var half = queue.Admit(500);
        using var other = queue.Admit(500);
        var refused = Assert.Throws<OverloadedException>(() => queue.Admit(1));
        Assert.Equal(20, refused.RetryAfter.TotalSeconds, 3);
    }

    [Fact]
    public async Task never_above_the_bound_and_never_leaking_whoever_comes_and_goes()
    {
        using var queue = new DeviceScheduler(50);
        await Parallel.ForEachAsync(Enumerable.Range(0, 2000), TestContext.Current.CancellationToken, async (i, _) =>
        {
            try
            {
                using var place = queue.Admit(1 + (i % 13));
                Assert.InRange(queue.State.Admitted, 1, 50);
                await Task.Yield();
            }
            catch (OverloadedException)
            {
            }
        });
        Assert.Equal(0, queue.State.Admitted);
    }
}
