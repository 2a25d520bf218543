namespace Retrieval.Inference.Devices;

/// <summary>
/// What this process has of its CUDA device. After some errors (an illegal address, a memory error that cannot be corrected, a GPU
/// that fell off the bus) every later call of the process fails, whatever it asks for: only another process gets a new context.
/// </summary>
/// <param name="options">Which device.</param>
public class DeviceContext(InferenceOptions options)
{
    /// <summary>
    /// Asks the device for something that every context which lives can answer, and that needs no memory. Waits for what runs there.
    /// </summary>
    /// <returns>The error, for the log; null if the device answers, or if this process computes on none.</returns>
    public virtual string? Fault()
    {
        if (!CudaPlugIn.IsLoaded)
        {
            return null;
        }

        try
        {
            CudaRuntime.Flush(options.DeviceId);
            return null;
        }
        catch (DeviceException exception)
        {
            return exception.Message;
        }
        catch (DllNotFoundException)
        {
            return null;
        }
    }
}
