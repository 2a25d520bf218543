using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using Retrieval.Inference.Scheduling;

namespace Retrieval.Inference.Tests.Batching;

/// <summary>A device that does what a test tells it to: it writes down every call, and can be held up and made to fail.</summary>
[SuppressMessage("Design", "CA1001", Justification = "The semaphore holds nothing but memory.")]
internal sealed class FakeDevice(int maxBatchSize) : IBatcher
{
    private readonly SemaphoreSlim _steps = new(0);
    private readonly ConcurrentQueue<string> _calls = new();
    private readonly ConcurrentQueue<string> _assembled = new();
    private int _running;
    private int _broken;

    public string Kind { get; init; } = "score";

    /// <summary>Name of a request that no call can be made of.</summary>
    public string? Unassemblable { get; init; }

    public int MaxBatchSize => Interlocked.Decrement(ref _broken) >= 0 ? throw new InvalidOperationException("not foreseen") : maxBatchSize;

    public int PreferredBatchSize => Enough ?? maxBatchSize;

    public bool AssemblesAhead { get; init; } = true;

    /// <summary>From how many units on a call is large enough; null for all it takes.</summary>
    public int? Enough { get; init; }

    /// <summary>How many of the next looks at the batcher the worker dies of.</summary>
    public int Broken { init => _broken = value; }

    /// <summary>Thrown by calls that hold units of a request of this name.</summary>
    public (string Name, Exception Fault)? Poison { get; set; }

    /// <summary>Whether each call waits for <see cref="Step"/>.</summary>
    public bool Stepped { get; init; }

    /// <summary>Calls that have run, e.g. <c>a[0..8) b[0..2)</c>.</summary>
    public IReadOnlyList<string> Calls => [.. _calls];

    /// <summary>Calls that have been put together.</summary>
    public IReadOnlyList<string> Assembled => [.. _assembled];

    /// <summary>Whether two calls have ever run at once.</summary>
    public bool Overlapped { get; private set; }

    public void Step(int calls = 1) => _steps.Release(calls);

    public FakeWork Work(string name, int units, WorkLimits limits = default) => new(this, name, units, limits);

    public IBatch Assemble(IReadOnlyList<WorkSlice> slices)
    {
        var name = string.Join(' ', slices.Select(slice => $"{((FakeWork)slice.Item).Name}[{slice.First}..{slice.First + slice.Count})"));
        if (slices.Any(slice => ((FakeWork)slice.Item).Name == Unassemblable))
        {
            throw new InvalidDataException("a record that says what is not so");
        }

        _assembled.Enqueue(name);
        return new Call(this, name, slices);
    }

    private sealed class Call(FakeDevice device, string name, IReadOnlyList<WorkSlice> slices) : IBatch
    {
        public void Run()
        {
            device.Overlapped |= Interlocked.Increment(ref device._running) > 1;
            device._calls.Enqueue(name);
            if (device.Stepped && !device._steps.Wait(TimeSpan.FromSeconds(30)))
            {
                throw new TimeoutException("nobody let the device go on");
            }

            Interlocked.Decrement(ref device._running);
            if (device.Poison is { } poison && slices.Any(slice => ((FakeWork)slice.Item).Name == poison.Name))
            {
                throw poison.Fault;
            }
        }

        public void Dispose()
        {
        }
    }
}

/// <summary>Work for the fake device; gives the number of units done.</summary>
internal sealed class FakeWork(FakeDevice device, string name, int units, WorkLimits limits) : WorkItem<int>(device, units, units, limits)
{
    public string Name { get; } = name;

    protected override int GetResult() => Done;

    protected override bool TryGetPartial(out int result)
    {
        result = Done;
        return true;
    }
}
