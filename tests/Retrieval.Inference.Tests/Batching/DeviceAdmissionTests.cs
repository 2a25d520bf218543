using Retrieval.Inference.Scheduling;

namespace Retrieval.Inference.Tests.Batching;

[Trait("Promise", "1"), Trait("Promise", "3")]
public sealed class DeviceAdmissionTests
{
    [Fact]
    public void What_does_not_fit_is_refused_at_once_and_fits_when_room_is_given_back()
    {
        using var queue = new WorkScheduler(100);
        IDisposable[] places = [.. Enumerable.Range(0, 5).Select(_ => queue.Admit(20))];
        var refused = Assert.Throws<OverloadedException>(() => queue.Admit(1));
        Assert.Contains("100", refused.Message, StringComparison.Ordinal);
        Assert.InRange(refused.RetryAfter, TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(1));
        places[0].Dispose();
        places[0].Dispose();
        Assert.Equal(80, queue.State.Admitted);
        queue.Admit(20).Dispose();
        Assert.Equal(80, queue.State.Admitted);
        Array.ForEach(places, place => place.Dispose());
        Assert.Equal(0, queue.State.Admitted);
    }

    [Fact]
    public void Large_requests_have_a_few_places_of_their_own_and_neither_kind_keeps_out_the_other()
    {
        using var queue = new WorkScheduler(100);
        IDisposable[] large = [.. new long[] { 26, 100, 1000, 100_000 }.Select(cost => queue.Admit(cost))];
        Assert.Throws<OverloadedException>(() => queue.Admit(26));
        IDisposable[] small = [.. Enumerable.Range(0, 4).Select(_ => queue.Admit(25))];
        Assert.Throws<OverloadedException>(() => queue.Admit(1));
        large[3].Dispose();
        using (queue.Admit(50_000))
        {
            Assert.Equal(26 + 100 + 1000 + 50_000 + 100, queue.State.Admitted);
        }

        Array.ForEach([.. large, .. small], place => place.Dispose());
        Assert.Equal(0, queue.State.Admitted);
    }

    [Fact]
    public void A_caller_who_fills_the_room_does_not_shut_out_the_others()
    {
        using var queue = new WorkScheduler(100);
        List<IDisposable> held = [.. Enumerable.Range(0, 10).Select(_ => queue.Admit(10, "noisy"))];
        Assert.Throws<OverloadedException>(() => queue.Admit(10, "noisy"));
        Assert.Throws<OverloadedException>(() => queue.Admit(10));

        // Two hold something: each may have half.
        held.AddRange(Enumerable.Range(0, 5).Select(_ => queue.Admit(10, "quiet")));
        Assert.Throws<OverloadedException>(() => queue.Admit(10, "quiet"));
        held.AddRange(Enumerable.Range(0, 3).Select(_ => queue.Admit(10, "third")));
        Assert.Throws<OverloadedException>(() => queue.Admit(10, "third"));

        // Four that fill their shares one after the other do not shut out a fifth, nor do ten with one of the largest each.
        held.AddRange(Enumerable.Range(0, 2).Select(_ => queue.Admit(10, "fourth")));
        Assert.Equal(200, queue.State.Admitted);
        held.AddRange(Enumerable.Range(0, 8).Select(i => queue.Admit(25, $"caller {i}")));

        // Many callers together have four times the bound, and no more.
        Assert.Equal(400, queue.State.Admitted);
        Assert.Throws<OverloadedException>(() => queue.Admit(1, "one more"));

        held.ForEach(place => place.Dispose());
        Assert.Equal(0, queue.State.Admitted);
        queue.Admit(25, "noisy").Dispose();
    }

    [Fact]
    public void Large_requests_of_one_caller_do_not_shut_out_those_of_others()
    {
        using var queue = new WorkScheduler(100);
        List<IDisposable> held = [.. Enumerable.Range(0, 4).Select(_ => queue.Admit(100, "noisy"))];
        Assert.Throws<OverloadedException>(() => queue.Admit(100, "noisy"));
        held.AddRange(Enumerable.Range(0, 2).Select(_ => queue.Admit(100, "quiet")));
        Assert.Throws<OverloadedException>(() => queue.Admit(100, "quiet"));

        // Who holds nothing gets one, four times as many in all.
        held.AddRange(Enumerable.Range(0, 10).Select(i => queue.Admit(100, $"caller {i}")));
        Assert.Throws<OverloadedException>(() => queue.Admit(100, "one more"));
        held.ForEach(place => place.Dispose());
        Assert.Equal(0, queue.State.Admitted);
    }

    [Fact]
    public async Task Retry_after_is_the_time_the_work_will_take()
    {
        var time = new ManualTime();
        var device = new FakeDevice(100) { Stepped = true };
        using var queue = new WorkScheduler(1000, time);
        var work = queue.RunAsync(device.Work("a", 100));
        await Eventually.TrueAsync(() => device.Calls.Count == 1, "the call runs");
        time.Advance(TimeSpan.FromSeconds(2));
        device.Step();
        await work;
        var places = Enumerable.Range(0, 10).Select(_ => queue.Admit(100)).ToList();
        var refused = Assert.Throws<OverloadedException>(() => queue.Admit(1));
        Assert.Equal(20, refused.RetryAfter.TotalSeconds, 3);

        // Large ones of 400 pairs, first four of them and then eight: the next ends when one of them is done, behind the small ones.
        places.AddRange(Enumerable.Range(0, 4).Select(_ => queue.Admit(400, "noisy")));
        Assert.Equal(20 + 8, Assert.Throws<OverloadedException>(() => queue.Admit(400, "noisy")).RetryAfter.TotalSeconds, 3);
        places.AddRange(Enumerable.Range(0, 4).Select(i => queue.Admit(400, $"caller {i}")));
        Assert.Equal(20 + 8, Assert.Throws<OverloadedException>(() => queue.Admit(400, "noisy")).RetryAfter.TotalSeconds, 3);
        places.ForEach(place => place.Dispose());
    }

    [Fact]
    public async Task Never_above_the_bound_and_never_leaking_whoever_comes_and_goes()
    {
        using var queue = new WorkScheduler(50);
        IDisposable[] held = [.. Enumerable.Range(0, 4).Select(_ => queue.Admit(10))];
        var (admitted, refused) = (0, 0);
        await Parallel.ForEachAsync(Enumerable.Range(0, 2000), TestContext.Current.CancellationToken, async (i, _) =>
        {
            try
            {
                using var place = queue.Admit(1 + (i % 12));
                Assert.InRange(queue.State.Admitted, 41, 50);
                Interlocked.Increment(ref admitted);
                await Task.Yield();
            }
            catch (OverloadedException)
            {
                Interlocked.Increment(ref refused);
            }
        });

        // Of what is left by those that stay, 10, a sixth of them want more, however few come at a time.
        Assert.True(refused >= 2000 / 12 * 2, $"{refused} were refused");
        Assert.True(admitted > 0);
        Assert.Equal(40, queue.State.Admitted);
        Array.ForEach(held, place => place.Dispose());
        Assert.Equal(0, queue.State.Admitted);
    }
}
