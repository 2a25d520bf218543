using Retrieval.Inference.Scheduling;

namespace Retrieval.Inference.Tests.Batching;

/// <summary>However callers ask, one whose requests always wait gets what any other gets, but for a few batches.</summary>
public sealed class FlowShareTests
{
    private const int Quantum = 32;

    // Two batches that are saved, the longest one of one and a half that was begun, one by which it may be ahead, and one to join.
    private const double MostAhead = 6.5 * Quantum;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    public void Nobody_gets_more_than_who_always_waits(int seed)
    {
        var dice = new Random(seed);
        FakeDevice[] devices = [new(256) { Kind = "score", Enough = 128 }, new(32) { Kind = "encode" }];
        var queue = new FlowQueue { Quantum = Quantum };
        var callers = Enumerable.Range(0, dice.Next(2, 12)).Select(i => new Caller($"c{i}", dice.Next(1, 300), dice.Next(0, 40), devices[dice.Next(2)])).ToList();
        var busy = new Caller("busy", 1000, 0, devices[0]);
        List<Caller> all = [busy, .. callers];
        for (var batch = 0; batch < 4000; batch++)
        {
            foreach (var caller in all.Where(caller => caller.Asks(batch, dice)))
            {
                queue.Add(caller.Request());
            }

            var slices = new List<WorkSlice>();
            queue.Take(slices);
            Assert.InRange(slices.Sum(slice => slice.Count), 1, 1.5 * Quantum);
            foreach (var slice in slices)
            {
                var caller = all.Single(caller => caller.Name == slice.Item.Limits.Flow);
                caller.Served(slice.Count, batch);
                Assert.True(caller.Had <= busy.Had + MostAhead, $"after {batch} batches {caller.Name} has had {caller.Had}, who always waits {busy.Had}");
            }
        }

        Assert.True(busy.Had > 0.9 * callers.Max(caller => caller.Had));
    }

    [Fact]
    public void Who_joins_the_batches_of_a_caller_of_small_requests_gets_no_more_than_one_of_another_batcher()
    {
        FakeDevice[] devices = [new(256) { Kind = "score" }, new(256) { Kind = "explain" }];
        var queue = new FlowQueue { Quantum = Quantum };
        Caller small = new("small", 3, 0, devices[0]), joins = new("joins", 1000, 0, devices[0]), other = new("other", 1000, 0, devices[1]);
        Caller[] all = [small, joins, other];
        for (var batch = 0; batch < 1000; batch++)
        {
            foreach (var caller in all.Where(caller => caller.Asks(batch, Random.Shared)))
            {
                queue.Add(caller.Request());
            }

            var slices = new List<WorkSlice>();
            queue.Take(slices);
            slices.ForEach(slice => all.Single(caller => caller.Name == slice.Item.Limits.Flow).Served(slice.Count, batch));
        }

        Assert.InRange(joins.Had, other.Had - MostAhead, other.Had + MostAhead);
    }

    [Fact]
    public void Who_always_waits_shares_with_as_many_as_wait_and_not_with_all_who_come_in_turns()
    {
        const int AtOnce = 8;
        var device = new FakeDevice(256) { Enough = 128 };
        var queue = new FlowQueue { Quantum = Quantum };
        var busy = new Caller("busy", 1000, 0, device);
        Queue<Caller> idle = new(Enumerable.Range(0, 400).Select(i => new Caller($"c{i}", 46, 0, device)));
        List<Caller> waiting = [];
        var all = 0;
        for (var batch = 0; batch < 4000; batch++)
        {
            while (waiting.Count < AtOnce)
            {
                waiting.Add(idle.Dequeue());
                queue.Add(waiting[^1].Request());
            }

            if (busy.Asks(batch, Random.Shared))
            {
                queue.Add(busy.Request());
            }

            var slices = new List<WorkSlice>();
            queue.Take(slices);
            foreach (var slice in slices)
            {
                all += slice.Count;
                ((Caller[])[busy, .. waiting]).Single(caller => caller.Name == slice.Item.Limits.Flow).Served(slice.Count, batch);
            }

            waiting.Where(caller => caller.Done).ToList().ForEach(idle.Enqueue);
            waiting.RemoveAll(caller => caller.Done);
        }

        Assert.InRange(busy.Had / (double)all, 0.8 / (AtOnce + 1), 1.5 / (AtOnce + 1));
    }

    /// <summary>Asks again some batches after its request is done.</summary>
    private sealed class Caller(string name, int units, int pause, FakeDevice device)
    {
        private int _left;
        private int _at;

        public string Name => name;

        public bool Done => _left == 0;

        public int Had { get; private set; }

        public bool Asks(int batch, Random dice) => _left == 0 && batch >= _at && (pause == 0 || dice.Next(pause) == 0);

        public QueueEntry Request()
        {
            _left = units;
            return device.Work(name, units, new WorkLimits { Flow = name }).Entry;
        }

        public void Served(int count, int batch)
        {
            _left -= count;
            Had += count;
            _at = _left == 0 ? batch + 1 + (pause / 2) : _at;
        }
    }
}
