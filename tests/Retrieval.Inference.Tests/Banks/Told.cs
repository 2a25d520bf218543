namespace Retrieval.Inference.Tests.Banks;

/// <summary>Progress that is told at once, on the thread that gets on.</summary>
internal sealed class Told<T>(Action<T> told) : IProgress<T>
{
    public void Report(T value) => told(value);
}
