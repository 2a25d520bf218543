using Microsoft.Extensions.DependencyInjection;
using Retrieval.Inference;
using Retrieval.Inference.Scheduling;
using Retrieval.Search.Queries;
using Retrieval.Server.Tests.Hosting;

namespace Retrieval.Server.Tests.Engine;

/// <summary>Work that makes a device fail, or its worker die: a fault on purpose, in the real queue.</summary>
internal sealed class FailingDevice(bool kills) : IBatcher
{
    public string Kind => "score";

    public int MaxBatchSize => kills ? throw new InvalidOperationException("not foreseen") : 1;

    public static WorkScheduler Of(RunningServer server) => server.App.Services.GetRequiredService<ComputeQueues>().Device;

    public async Task FailOnceAsync(WorkScheduler device) =>
        await device.RunAsync(new Work(this)).ContinueWith(static done => _ = done.Exception, TaskScheduler.Default);

    public IBatch Assemble(IReadOnlyList<WorkSlice> slices) => new Call();

    private sealed class Work(IBatcher lane) : WorkItem<int>(lane, 1, 1, default)
    {
        protected override int GetResult() => 0;
    }

    private sealed class Call : IBatch
    {
        public void Run() => throw new InferenceException("scorer.onnx", "the device has no memory left", null, deviceFault: true);

        public void Dispose()
        {
        }
    }
}
