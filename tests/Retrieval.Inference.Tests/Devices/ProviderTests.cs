using Retrieval.Inference.Devices;

namespace Retrieval.Inference.Tests.Devices;

/// <summary>Where a model runs is chosen, said and never something else than was asked for.</summary>
[Trait("Promise", "11")]
public sealed class ProviderTests
{
    private const string NoDriver = "this machine has no NVIDIA driver (libcuda.so.1)";

    private const string Cpu = "CPUExecutionProvider";

    [Fact]
    public void Without_a_library_auto_is_the_CPU_and_says_why()
    {
        using var model = Load(ProviderChoice.Auto, "/no/such/provider.so");

        Assert.Equal((Cpu, Cpu), (model.Provider, model.Device.Provider));
        Assert.Equal("CPU: there is no CUDA provider at /no/such/provider.so", model.Device.Reason);
        Assert.Contains("cores", model.Device.Name, StringComparison.Ordinal);
        Assert.InRange(model.Device.FreeBytes(), 1, model.Device.TotalBytes);
    }

    [Fact]
    public void The_CPU_is_taken_when_it_is_asked_for_whatever_there_is()
    {
        using var model = Load(ProviderChoice.Cpu, typeof(ProviderTests).Assembly.Location);

        Assert.Equal((Cpu, "CPU: the configuration says so"), (model.Provider, model.Device.Reason));
    }

    [Fact]
    public void Cuda_without_its_library_is_refused_and_not_computed_on_the_CPU()
    {
        var refusal = Assert.Throws<DeviceException>(() => Load(ProviderChoice.Cuda, "/no/such/provider.so").Dispose());

        Assert.Contains("there is no file /no/such/provider.so", refusal.Message, StringComparison.Ordinal);
        Assert.Contains("ProviderLibrary", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_relative_path_and_none_are_told_as_the_full_path_that_was_looked_at()
    {
        Assert.Contains(Path.GetFullPath("some.so"), Assert.Throws<DeviceException>(() => Load(ProviderChoice.Cuda, "some.so").Dispose()).Message, StringComparison.Ordinal);
        Assert.Equal(Path.Combine(AppContext.BaseDirectory, "libonnxruntime_providers_cuda.so"), CudaPlugIn.PathOf(new InferenceOptions()));
    }

    [Fact]
    public void A_file_that_is_no_library_is_refused_in_the_loaders_words()
    {
        var path = Path.GetTempFileName();
        try
        {
            File.WriteAllText(path, "this is no library");
            var refusal = Assert.Throws<DeviceException>(() => Load(ProviderChoice.Cuda, path).Dispose());
            Assert.Contains(path, refusal.Message, StringComparison.Ordinal);
            Assert.Contains("file too short", refusal.Message, StringComparison.Ordinal);

            // Auto asks too where there is a driver, and says what it heard.
            using var model = Load(ProviderChoice.Auto, path);
            Assert.Equal(Cpu, model.Provider);
            Assert.Contains(CudaRuntime.HasDriver() ? "file too short" : NoDriver, model.Device.Reason, StringComparison.Ordinal);
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Fact]
    public void A_library_that_is_no_provider_is_refused()
    {
        // ONNX Runtime's own: a library that loads, and offers no execution provider.
        var path = Path.Combine(AppContext.BaseDirectory, "libonnxruntime_providers_shared.so");
        var refusal = Assert.Throws<DeviceException>(() => Load(ProviderChoice.Cuda, path).Dispose());

        Assert.Contains("CreateEpFactories", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_library_without_CUDA_or_without_a_device_is_refused_and_says_what_is_missing()
    {
        var path = CudaPlugIn.PathOf(new InferenceOptions());
        Assert.SkipUnless(File.Exists(path), "built with -p:OnnxRuntime=cpu");
        Assert.SkipWhen(HasCudaDevice(), "there is a CUDA device");

        var refusal = Assert.Throws<DeviceException>(() => Load(ProviderChoice.Cuda, null).Dispose());
        Assert.Matches("lib(cublas|cublasLt|cudart|curand|cuda)\\.so|found no device", refusal.Message);
        using var model = Load(ProviderChoice.Auto, null);
        Assert.Equal(Cpu, model.Provider);
        Assert.Equal(CudaRuntime.HasDriver() ? $"CPU: {refusal.Message}" : $"CPU: {NoDriver}", model.Device.Reason);
    }

    [Fact]
    public void Options_of_a_device_out_of_their_range_are_refused()
    {
        foreach (var options in new InferenceOptions[]
        {
            new() { DeviceId = -1 }, new() { DeviceMemoryBytes = -1 }, new() { Provider = (ProviderChoice)3 }, new() { Provider = (ProviderChoice)(-1) },
            new() { BankPlacement = (BankPlacement)3 }, new() { BankPlacement = (BankPlacement)(-1) },
        })
        {
            Assert.Throws<ArgumentOutOfRangeException>(() => MatchingModel.Load(Bundles.PathOf(Bundles.Fast), options));
        }
    }

    [Fact]
    public void The_memory_that_banks_may_take_is_what_is_free_within_the_limit()
    {
        using var model = MatchingModel.Load(Bundles.PathOf(Bundles.Fast), new InferenceOptions { Threads = 1, DeviceMemoryBytes = 1000 });

        Assert.Equal(1000, model.Device.FreeBytes());
        var address = model.Device.Budget.Allocate(600);
        Assert.Equal(400, model.Device.FreeBytes());
        model.Device.Budget.Free(address, 600);
        Assert.Equal(1000, model.Device.FreeBytes());
    }

    private static bool HasCudaDevice()
    {
        try
        {
            return CudaRuntime.DeviceCount() > 0;
        }
        catch (Exception exception) when (exception is DllNotFoundException or DeviceException)
        {
            return false;
        }
    }

    private static MatchingModel Load(ProviderChoice provider, string? library) =>
        MatchingModel.Load(Bundles.PathOf(Bundles.Fast), new InferenceOptions { Threads = 1, Provider = provider, ProviderLibrary = library ?? "" });
}
